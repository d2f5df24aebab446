// Masks (data-mask) and searchable selects (data-select). Without this file the fields still work.
(function () {
  "use strict";

  var upper = function (text) { return text.toUpperCase(); };
  var MASKS = {
    "cpf-cnpj": {
      mask: [
        { mask: "000.000.000-00", shape: "cpf" },
        { mask: "XX.XXX.XXX/XXXX-00", definitions: { X: /[0-9A-Za-z]/ }, prepareChar: upper, shape: "cnpj" },
      ],
      prepareChar: upper,
      dispatch: function (appended, masked) {
        var bare = (masked.value + appended).replace(/[^0-9A-Za-z]/g, "");
        var wanted = bare.length > 11 || /[A-Za-z]/.test(bare) ? "cnpj" : "cpf";
        return masked.compiledMasks.find(function (mask) { return mask.shape === wanted; });
      },
    },
    cep: { mask: "00000-000" },
    phone: { mask: [{ mask: "(00) 0000-0000" }, { mask: "(00) 00000-0000" }] },
    date: { mask: "00/00/0000" },
    brl: {
      mask: Number, scale: 2, thousandsSeparator: ".", radix: ",", mapToRadix: [],
      padFractionalZeros: true, normalizeZeros: true, min: -999999999999, max: 999999999999,
    },
  };

  function mask(input) {
    if (!MASKS[input.dataset.mask] || input.dataset.masked || !window.IMask) return;
    if (input.dataset.mask === "date" && /^\d{4}-\d\d-\d\d$/.test(input.value)) {
      input.value = input.value.split("-").reverse().join("/");
    }
    input.dataset.masked = "yes";
    window.IMask(input, MASKS[input.dataset.mask]);
  }

  function select(element) {
    if (element.tomselect || !window.TomSelect) return;
    new window.TomSelect(element, {
      plugins: element.multiple ? ["remove_button"] : [],
      create: false,
      maxOptions: 200,
      // Later, the filter would open a list again from which one has already picked, and take the
      // focus away from the next field. The options are here: filtering them costs nothing.
      refreshThrottle: 0,
      allowEmptyOption: true,
      render: {
        no_results: function () {
          var none = document.createElement("div");
          none.className = "no-results";
          none.textContent = "Nada encontrado";
          return none;
        },
      },
    });
  }

  function enhance(root) {
    root.querySelectorAll("[data-mask]").forEach(mask);
    root.querySelectorAll("select[data-select]").forEach(select);
  }

  enhance(document);
  document.addEventListener("htmx:load", function (event) { enhance(event.detail.elt); });
})();
