// Listens to the preview: reloads the page where it was read when there is another, and says what is wrong.
(() => {
  const { page, shown } = document.currentScript.dataset, key = `preview:${page}`;
  const anchors = () => [...document.querySelectorAll("main [id], body > [id]")];
  const top = part => part.getBoundingClientRect().top;
  const keep = () => {
    const above = anchors().filter(part => part.offsetParent && top(part) <= 1).pop();
    sessionStorage.setItem(key, JSON.stringify([scrollY, above?.id || "", above ? top(above) : 0]));
  };
  const restore = () => {
    const [y, id, offset] = JSON.parse(sessionStorage.getItem(key));
    const part = id && document.getElementById(id);
    scrollTo({ top: part ? scrollY + top(part) - offset : y, behavior: "instant" });
  };
  if (sessionStorage.getItem(key)) {
    history.scrollRestoration = "manual";
    restore();
    addEventListener("load", () => { restore(); sessionStorage.removeItem(key); });
  }
  const panel = document.createElement("aside");
  panel.id = "preview";
  panel.setAttribute("role", "status");
  const looks = "position:fixed;z-index:99;left:0;right:0;bottom:0;max-height:45vh;overflow:auto;padding:.8rem 1.2rem;font:.9rem/1.5 system-ui,sans-serif;";
  const colours = { error: "background:#7a1020;color:#fff;border-top:4px solid #ff8f9f", note: "background:#fff3e0;color:#5a2c00;border-top:2px solid #c98a3c", busy: "left:auto;padding:.3rem .8rem;background:#0b5a78;color:#fff" };
  const say = (kind, title, lines) => {
    panel.replaceChildren();
    panel.dataset.kind = kind;
    if (!kind) { panel.remove(); return; }
    panel.style.cssText = looks + colours[kind];
    const head = document.createElement("strong");
    head.textContent = title;
    panel.append(head);
    for (const line of lines) {
      const said = document.createElement("pre");
      said.style.cssText = "margin:.4rem 0 0;white-space:pre-wrap;overflow-wrap:anywhere;font:.85rem/1.5 ui-monospace,monospace;background:none;color:inherit;border:0;padding:0";
      said.textContent = line;
      panel.append(said);
    }
    document.body.append(panel);
  };
  const tell = ({ building, errors, notes }) => {
    if (errors.length) say("error", building ? "预览未更新，正在重新生成 · Not updated, being built again" : "预览未更新：以下内容需要修改 · Not updated: this must be changed", errors);
    else if (building) say("busy", "正在生成 · being built", []);
    else if (notes.length) say("note", "预览已更新；尚待完成 · Updated; still to be done", notes);
    else say("", "", []);
  };
  const style = document.createElement("style");
  style.textContent = "@media print { #preview { display: none } }";
  document.head.append(style);
  const events = new EventSource(`/.preview/events?page=${encodeURIComponent(page)}`);
  events.onmessage = event => {
    const news = JSON.parse(event.data);
    if (news.page && news.page !== shown) { events.close(); keep(); location.reload(); return; }
    tell(news);
  };
  events.onerror = () => say("error", "预览已结束或连接中断 · The preview has ended or cannot be reached", []);
})();
