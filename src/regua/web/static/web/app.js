// The behaviour every page shares. Everything here only adds to plain links and forms.
(function () {
  "use strict";

  var root = document.documentElement;
  var byId = function (id) { return document.getElementById(id); };
  var each = function (selector, act, within) { (within || document).querySelectorAll(selector).forEach(act); };

  // --- Theme -----------------------------------------------------------------------------------
  function showTheme() {
    each("[data-theme-set]", function (button) {
      button.setAttribute("aria-pressed", String(button.dataset.themeSet === root.dataset.themeChoice));
    });
  }
  document.addEventListener("regua:theme", showTheme);
  showTheme();

  // --- Toasts ----------------------------------------------------------------------------------
  function expire(toast) {
    if (toast.dataset.timed) return;
    toast.dataset.timed = "yes";
    var timer;
    var start = function () { timer = setTimeout(function () { toast.remove(); }, 8000); };
    var stop = function () { clearTimeout(timer); };
    toast.addEventListener("mouseenter", stop);
    toast.addEventListener("focusin", stop);
    toast.addEventListener("mouseleave", start);
    toast.addEventListener("focusout", start);
    start();
  }
  function toast(message, tone) {
    var template = byId("toast-template");
    if (!template) return;
    tone = ["done", "active", "notice", "sent"].indexOf(tone) < 0 ? "sent" : tone;
    var element = template.content.firstElementChild.cloneNode(true);
    element.classList.add("tone-" + tone);
    element.querySelectorAll("[data-for]").forEach(function (icon) {
      if (icon.dataset.for !== tone) icon.remove();
    });
    element.querySelector(".app-toast-text").textContent = message;
    byId("toasts").append(element);
    if (tone !== "active") expire(element); // bad news waits for the person
  }
  each("[data-toast]", expire);
  window.regua = { toast: toast };
  document.addEventListener("regua:toast", function (event) { toast(event.detail.message, event.detail.tone); });

  // --- Confirmation ----------------------------------------------------------------------------
  function ask(source, proceed) {
    var dialog = byId("confirm-dialog");
    var data = source.dataset;
    if (!dialog || !dialog.showModal) {
      if (window.confirm(data.confirm)) proceed();
      return;
    }
    var yes = dialog.querySelector(".confirm-yes");
    dialog.querySelector(".confirm-title").textContent = data.confirmTitle || "Confirmar?";
    dialog.querySelector(".confirm-text").textContent = data.confirm;
    dialog.querySelector(".confirm-note").textContent = data.confirmNote || "";
    yes.textContent = data.confirmButton || "Confirmar";
    yes.className = "btn confirm-yes btn-" + (data.confirmTone || "danger");
    dialog.returnValue = "cancel";
    dialog.addEventListener("close", function () {
      if (dialog.returnValue === "confirm") proceed();
      else source.focus();
    }, { once: true });
    dialog.showModal();
  }

  // --- Sending forms ---------------------------------------------------------------------------
  function busy(form, submitter) {
    form.dataset.busy = "yes";
    var button = submitter || form.querySelector("button:not([type=button])");
    if (button) {
      button.classList.add("is-busy");
      button.setAttribute("aria-busy", "true");
    }
  }
  function rest(form) {
    delete form.dataset.busy;
    each(".is-busy", function (button) {
      button.classList.remove("is-busy");
      button.removeAttribute("aria-busy");
    }, form);
  }
  document.addEventListener("submit", function (event) {
    var form = event.target;
    var submitter = event.submitter;
    var byHtmx = form.matches("[hx-post],[hx-get],[hx-put],[hx-patch],[hx-delete]");
    var source = submitter && submitter.dataset.confirm ? submitter : form;
    if (form.method === "dialog") return;
    if (form.dataset.busy) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    if (source.dataset.confirm && !form.dataset.confirmed) {
      event.preventDefault();
      event.stopImmediatePropagation();
      ask(source, function () {
        form.dataset.confirmed = "yes";
        form.requestSubmit(submitter || undefined);
        delete form.dataset.confirmed;
      });
      return;
    }
    if (form.method === "post" && !byHtmx && !form.hasAttribute("data-repeatable")) busy(form, submitter);
  }, true);
  window.addEventListener("pageshow", function (event) { if (event.persisted) each("form[data-busy]", rest); });
  document.addEventListener("change", function (event) {
    var form = event.target.closest("form[data-autosubmit]");
    if (form) form.requestSubmit();
  });

  // --- Copying ---------------------------------------------------------------------------------
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-copy]");
    var source = button && byId(button.dataset.copy);
    if (!source) return;
    source.select();
    var done = function () { toast("Copiado.", "done"); };
    // Without https a browser gives no clipboard; the old way still works there.
    if (navigator.clipboard) navigator.clipboard.writeText(source.value).then(done, function () {});
    else if (document.execCommand("copy")) done();
  });

  // --- htmx ------------------------------------------------------------------------------------
  document.addEventListener("htmx:configRequest", function (event) {
    var token = document.querySelector('meta[name="csrf-token"]');
    if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token.content;
  });
  document.addEventListener("htmx:confirm", function (event) {
    var source = event.detail.elt;
    if (!source.dataset.confirm || source.tagName === "FORM") return; // forms ask on submit
    event.preventDefault();
    ask(source, function () { event.detail.issueRequest(true); });
  });
  document.addEventListener("htmx:beforeRequest", function (event) {
    if (event.detail.elt.tagName === "FORM" && event.detail.elt.method === "post") busy(event.detail.elt);
  });
  document.addEventListener("htmx:afterRequest", function (event) {
    if (event.detail.elt.tagName === "FORM") rest(event.detail.elt);
  });
  function failed(event, whenRead, whenWrite) {
    var config = event.detail.requestConfig;
    var reading = config && config.verb === "get";
    if (reading && event.detail.elt.closest("[data-quiet]")) return; // polling speaks for itself
    toast(reading ? whenRead : whenWrite, "active");
  }
  ["htmx:sendError", "htmx:timeout"].forEach(function (name) {
    document.addEventListener(name, function (event) {
      failed(event,
        "A página não respondeu. Nada foi alterado. Tente de novo.",
        "Não houve resposta, e não sabemos se o pedido chegou. Atualize a página e confira antes de repetir.");
    });
  });
  document.addEventListener("htmx:responseError", function (event) {
    var status = event.detail.xhr.status;
    var known = {
      401: "Sua sessão terminou. Nada foi alterado. Entre de novo.",
      403: "Você não tem acesso a isto, ou a página ficou aberta por muito tempo. Nada foi alterado. Atualize a página.",
      404: "Isto não existe mais. Nada foi alterado. Atualize a página.",
      409: "Alguém mudou isto antes de você. Nada foi alterado. Atualize a página e veja como ficou.",
      429: "Muitos pedidos em pouco tempo. Nada foi alterado. Espere um minuto e tente de novo.",
    };
    var other = "Algo deu errado do nosso lado. Atualize a página e confira antes de tentar de novo.";
    failed(event, known[status] || "A página não pôde ser lida. Nada foi alterado. Tente de novo.", known[status] || other);
  });

  // --- Menus, drawer, keys ---------------------------------------------------------------------
  var opener = null;
  function drawer(open, from) {
    root.classList.toggle("menu-open", open);
    if (open) {
      opener = from;
      byId("menu").querySelector("a, button, summary").focus();
    } else if (opener) {
      opener.focus();
      opener = null;
    }
  }
  document.addEventListener("click", function (event) {
    var target = event.target;
    var hit = function (selector) { return target.closest(selector); };
    each("details.menu[open]", function (menu) { if (!menu.contains(target)) menu.open = false; });
    if (hit("[data-theme-set]")) window.reguaTheme.set(hit("[data-theme-set]").dataset.themeSet);
    if (hit("[data-toast-close]")) hit("[data-toast]").remove();
    if (hit("[data-print]")) window.print();
    if (hit("[data-menu-open]")) { event.preventDefault(); drawer(true, hit("[data-menu-open]")); }
    if (hit("[data-menu-close]")) { event.preventDefault(); drawer(false); }
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") {
      each("details.menu[open]", function (menu) { menu.open = false; menu.querySelector("summary").focus(); });
      if (root.classList.contains("menu-open")) drawer(false);
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
    each("[data-hotkey]", function (element) {
      if (element.dataset.hotkey !== event.key) return;
      event.preventDefault();
      if (element.matches("input, select, textarea")) { element.focus(); if (element.select) element.select(); }
      else element.click();
    });
  });

  // --- A list walked with the arrows: <table data-arrows>, one a[data-arrow] in each row ----------
  document.addEventListener("keydown", function (event) {
    var step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog, details.menu")) return;
    var stops = Array.from(document.querySelectorAll("[data-arrows] a[data-arrow]"));
    if (!stops.length) return;
    event.preventDefault();
    var at = stops.indexOf(document.activeElement);
    stops[at < 0 ? 0 : Math.min(stops.length - 1, Math.max(0, at + step))].focus();
  });

  // --- Choosing rows: <form data-rows>, one data-rows-all, data-row boxes, data-rows-bar -------
  function rows(form) {
    var boxes = Array.from(form.querySelectorAll("input[data-row]"));
    var chosen = boxes.filter(function (box) { return box.checked; });
    var all = form.querySelector("input[data-rows-all]");
    if (all) {
      all.checked = boxes.length > 0 && chosen.length === boxes.length;
      all.indeterminate = chosen.length > 0 && chosen.length < boxes.length;
    }
    each("[data-rows-count]", function (place) { place.textContent = chosen.length.toLocaleString("pt-BR"); }, form);
    var cents = chosen.reduce(function (sum, box) { return sum + Math.round(Number(box.dataset.amount || 0) * 100); }, 0);
    each("[data-rows-sum]", function (place) {
      place.textContent = (cents / 100).toLocaleString("pt-BR", { style: "currency", currency: "BRL" });
    }, form);
    each("[data-rows-bar] button", function (button) { button.disabled = chosen.length === 0; }, form);
    each("[data-rows-bar]", function (bar) { bar.classList.toggle("idle", chosen.length === 0); }, form);
    each("tr", function (row) {
      var box = row.querySelector("input[data-row]");
      if (box) row.classList.toggle("row-chosen", box.checked);
    }, form);
  }
  document.addEventListener("change", function (event) {
    var form = event.target.closest("form[data-rows]");
    if (!form) return;
    if (event.target.matches("[data-rows-all]")) {
      each("input[data-row]", function (box) { box.checked = event.target.checked; }, form);
    }
    rows(form);
  });
  each("form[data-rows]", rows);
  document.addEventListener("htmx:load", function () { each("form[data-rows]", rows); });

  // --- Fields that matter for some choices only: <fieldset data-only-with="name=value|other"> ----
  // Out of sight they are disabled too, so that they are not sent.
  function fit(form) {
    each("[data-only-with]", function (part) {
      var pair = part.dataset.onlyWith.split("=");
      var field = form.elements[pair[0]];
      part.hidden = part.disabled = !field || pair[1].split("|").indexOf(field.value) < 0;
    }, form);
  }
  document.addEventListener("change", function (event) { if (event.target.form) fit(event.target.form); });
  each("form:has([data-only-with])", fit);
  window.addEventListener("pageshow", function () { each("form:has([data-only-with])", fit); });

  // --- Tabs that do not fit: the open one is in view ---------------------------------------------
  each(".tabs .active", function (tab) { tab.closest(".tabs").scrollLeft = tab.offsetLeft - 16; });

  // --- A form that came back with errors -------------------------------------------------------
  function toErrors() {
    var summary = document.querySelector("[data-error-summary]");
    if (summary) summary.focus();
  }
  toErrors();
  document.addEventListener("htmx:afterSwap", toErrors);
})();
