// Runs before the first paint: the theme chosen on this machine, else the system's.
(function () {
  "use strict";
  var root = document.documentElement;
  var system = window.matchMedia("(prefers-color-scheme: dark)");
  function chosen() {
    try { return localStorage.getItem("regua-theme") || "auto"; } catch (error) { return "auto"; }
  }
  function apply() {
    var choice = chosen();
    root.dataset.bsTheme = choice === "auto" ? (system.matches ? "dark" : "light") : choice;
    root.dataset.themeChoice = choice;
    document.dispatchEvent(new CustomEvent("regua:theme", { detail: choice }));
  }
  root.classList.add("js");
  system.addEventListener("change", apply);
  window.addEventListener("beforeprint", function () { root.dataset.bsTheme = "light"; }); // paper is white
  window.addEventListener("afterprint", apply);
  window.reguaTheme = {
    set: function (choice) {
      try { localStorage.setItem("regua-theme", choice); } catch (error) { /* private window */ }
      apply();
    },
  };
  apply();
})();
