// The county chooser, which lives in the address, and the keyboard for receipts. Every part works without it, by links.
(() => {
  const root = document.documentElement, choice = document.querySelector("select.mine");
  let from = null;
  const show = code => {
    if (code) root.dataset.area = code; else delete root.dataset.area;
    choice.value = code;
    for (const link of document.querySelectorAll("a.keep")) {
      const to = new URL(link.href);
      if (code) to.searchParams.set("area", code); else to.searchParams.delete("area");
      link.href = to;
    }
  };
  const choose = code => {
    const here = new URL(location);
    if (code) here.searchParams.set("area", code); else here.searchParams.delete("area");
    here.hash = "";
    try { history.replaceState(null, "", here); show(code); }
    catch (error) { location.assign(here); }
  };
  if (choice) {
    choice.parentElement.hidden = false;
    choice.addEventListener("change", () => choose(choice.value));
    const asked = new URLSearchParams(location.search).get("area");
    show([...choice.options].some(option => option.value === asked) ? asked : "");
  }
  addEventListener("click", event => {
    const link = event.target.closest("a");
    if (!link) return;
    const to = link.getAttribute("href") || "";
    if (to.startsWith("#r-")) from = link;
    if (link.classList.contains("close") && from) { event.preventDefault(); shut(); }
    if (choice && to.startsWith("#area-")) { event.preventDefault(); choose(to.slice(6)); choice.focus(); }
  });
  const shut = () => { location.hash = "-"; if (from) from.focus({ preventScroll: true }); from = null; };
  addEventListener("hashchange", () => {
    const opened = location.hash.startsWith("#r-") && document.getElementById(location.hash.slice(1));
    if (opened) { opened.tabIndex = -1; opened.focus({ preventScroll: true }); }
  });
  addEventListener("keydown", event => {
    if (event.key === "Escape" && location.hash.startsWith("#r-")) shut();
  });
})();
