// The county chooser, which lives in the address, and the keyboard for receipts. Every part works without it, by links.
(() => {
  const root = document.documentElement, choice = document.querySelector("select.mine");
  let from = null;
  const show = code => {
    if (code) root.dataset.area = code; else delete root.dataset.area;
    choice.value = code;
    for (const old of document.querySelectorAll(".card table")) old.remove();
    if (code) card(code);
    tiles(code);
    for (const link of document.querySelectorAll("a.keep")) {
      const to = new URL(link.href);
      if (code) to.searchParams.set("area", code); else to.searchParams.delete("area");
      link.href = to;
    }
  };
  const receiptOf = part => part?.querySelector('a[href^="#r-"]')?.getAttribute("href").slice(3);
  const sums = new Set(choice?.dataset.sums.split(" "));
  const asSaid = new Map([...document.querySelectorAll(".tiles div")].map(tile => [tile, tile.innerHTML]));
  const tiles = code => { // a tile reads the county's value, and the city's below unless that is a sum of the counties'
    const mine = code && document.querySelector(`#tab-glance tr[data-area="${code}"]`);
    for (const [tile, said] of asSaid) {
      tile.innerHTML = said;
      const name = receiptOf(tile), number = tile.querySelector(".v a"), city = number?.textContent;
      const cell = mine && [...mine.cells].find(one => receiptOf(one) === name);
      if (!cell) continue;
      const value = cell.textContent, plain = /^[\d.,]+$/.test(value);
      number.textContent = plain ? city.replace(/[\d.,]+/, value) : value;
      const note = tile.querySelector(".note") || tile.appendChild(document.createElement("dd"));
      const [, whole] = choice.dataset.words.split("|");
      note.className = "note";
      note.textContent = sums.has(name) ? mine.cells[0].textContent : `${mine.cells[0].textContent} · ${whole} ${city}`;
    }
  };
  const card = code => {
    const [indicator, city] = choice.dataset.words.split("|"), table = document.createElement("table"), seen = {};
    const row = cells => { const line = table.insertRow(); for (const cell of cells) line.append(cell); };
    const cell = (tag, ...inside) => { const made = document.createElement(tag); made.append(...inside); return made; };
    for (const mine of document.querySelectorAll(`.table tr[data-area="${code}"]`)) {
      const last = mine.parentElement.lastElementChild, whole = last.cells, heads = mine.closest("table").rows[0].cells;
      if (last.dataset.area) continue; // no row of the whole city, so nothing to set beside
      if (!table.rows.length) row([cell("th", indicator), cell("th", mine.cells[0].textContent), cell("th", city)]);
      for (let i = 1; i < heads.length; i++) {
        const title = heads[i].textContent, name = receiptOf(whole[i]) || title;
        const city = sums.has(name) ? ["—"] : whole[i].cloneNode(true).childNodes;
        if (!seen[name]) row([cell("th", title), cell("td", mine.cells[i].textContent), cell("td", ...city)]);
        seen[name] = true;
      }
    }
    document.querySelector(`#area-${code} h3`).after(table);
  };
  const choose = code => {
    const here = new URL(location);
    if (code) here.searchParams.set("area", code); else here.searchParams.delete("area");
    here.hash = "";
    try { history.replaceState(null, "", here); show(code); }
    catch (error) { location.assign(here); }
  };
  const contents = document.querySelector("details.contents");
  const narrow = matchMedia("(max-width: 62rem)").matches;
  if (contents && narrow) contents.open = false;
  if (contents) contents.classList.add("ready");
  // The contents mark the section that is being read.
  const links = [...document.querySelectorAll(".contents a")], targets = links.map(link => document.getElementById(decodeURIComponent(link.hash.slice(1))));
  const mark = () => {
    const read = targets.findLastIndex(target => target && target.getBoundingClientRect().top < innerHeight / 4);
    for (const [i, link] of links.entries()) {
      if (i === read) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
    }
    if (!narrow && links[read]) links[read].scrollIntoView({ block: "nearest" });
  };
  let asked = false;
  addEventListener("scroll", () => {
    if (!asked) requestAnimationFrame(() => { asked = false; mark(); });
    asked = true;
  }, { passive: true });
  if (choice) {
    choice.parentElement.hidden = false;
    choice.addEventListener("change", () => choose(choice.value));
    const area = new URLSearchParams(location.search).get("area");
    show([...choice.options].some(option => option.value === area) ? area : "");
    if (!narrow || choice.value) choice.closest("details").open = true;
  }
  addEventListener("toggle", event => {
    for (const behind of event.target.querySelectorAll("noscript.behind")) behind.outerHTML = behind.textContent;
  }, true);
  // Receipts are kept as text until one is asked for: thousands of elements less in the page.
  const store = document.querySelector(".receipts-list"), list = document.querySelector("#receipts > .receipts");
  let kept = null;
  const receipts = () => kept ??= new DOMParser().parseFromString(store.textContent, "text/html");
  const fetched = id => {
    const receipt = store && id.startsWith("r-") && !document.getElementById(id) && receipts().getElementById(id);
    if (receipt) list.append(receipt);
    return Boolean(receipt);
  };
  const all = document.querySelector("button.all");
  if (all) {
    all.hidden = false;
    all.addEventListener("click", () => {
      for (const receipt of [...receipts().querySelectorAll("article")]) list.append(receipt);
      all.parentElement.remove();
    });
  }
  fetched(location.hash.slice(1));
  addEventListener("click", event => {
    const link = event.target.closest("a"), said = event.target.closest("span.n");
    if (said && !link) { // a number without a link opens all the same
      fetched(`r-${said.dataset.r}`);
      location.hash = `r-${said.dataset.r}`;
    }
    if (!link) return;
    const to = link.getAttribute("href") || "";
    if (to.startsWith("#r-")) { from = link; fetched(to.slice(1)); }
    if (link.classList.contains("close") && from) { event.preventDefault(); shut(); }
    if (choice && to.startsWith("#area-")) { event.preventDefault(); choose(to.slice(6)); choice.focus(); }
  });
  const shut = () => { location.hash = "-"; if (from) from.focus({ preventScroll: true }); from = null; };
  addEventListener("hashchange", () => {
    if (fetched(location.hash.slice(1))) location.replace(location.href); // now there is a target
    const opened = location.hash.startsWith("#r-") && document.getElementById(location.hash.slice(1));
    if (opened) { opened.tabIndex = -1; opened.focus({ preventScroll: true }); }
  });
  addEventListener("keydown", event => {
    if (event.key === "Escape" && location.hash.startsWith("#r-")) shut();
  });
})();
