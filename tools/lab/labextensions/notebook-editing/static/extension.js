// Cells that begin with %%md hold Markdown: they are highlighted as such and set in the font of prose.
// When a cell fails, the notebook goes to it: after "Run All Cells" it would stand at its end.
// Written by hand in the form of a prebuilt extension of JupyterLab, so that nothing has to be built.
(() => {
  const NAME = "notebook-editing";
  const PROSE = "prose-cell";
  const MARKDOWN = "text/x-ipythongfm";
  const PYTHON = "text/x-ipython";
  const STYLE = `.${PROSE} .cm-content { font-family: var(--jp-content-font-family); font-size: var(--jp-content-font-size1);
    line-height: 1.6 }`;

  const isProse = (model) => model.type === "code" && /^%%md\b/.test(model.sharedModel.getSource());

  function mark(cell) {
    const { model } = cell;
    if (model.isDisposed || model.type !== "code") return;
    const prose = isProse(model);
    cell.toggleClass(PROSE, prose);
    if (prose && model.mimeType !== MARKDOWN) model.mimeType = MARKDOWN;
    if (!prose && model.mimeType === MARKDOWN) model.mimeType = PYTHON;
  }

  function follow(notebook) {
    const known = new WeakSet();
    const markAll = () => {
      for (const cell of notebook.widgets) {
        mark(cell);
        if (known.has(cell)) continue;
        known.add(cell);
        cell.model.mimeTypeChanged?.connect(() => mark(cell)); // the kernel sets the language of all cells
      }
    };
    notebook.modelContentChanged.connect(markAll);
    markAll();
  }

  function goToFailed(_sender, { notebook, cell, error }) {
    if (!error?.errorName) return; // nor where it was left out because one before it failed
    notebook.activeCellIndex = notebook.widgets.indexOf(cell);
    notebook.scrollToCell(cell, "center");
  }

  function activate(tracker, actions) {
    const style = document.createElement("style");
    style.textContent = STYLE;
    document.head.append(style);
    tracker.widgetAdded.connect((_tracker, panel) => panel.context.ready.then(() => follow(panel.content)));
    actions.executed.connect(goToFailed);
  }

  let libraries; // what JupyterLab shares: {name: {version: {get}}}
  async function shared(name) {
    const [library] = Object.values(libraries[name]);
    return (await library.get())();
  }

  window._JUPYTERLAB = window._JUPYTERLAB ?? {};
  window._JUPYTERLAB[NAME] = {
    init: (scope) => { libraries = scope; },
    get: async () => {
      const { INotebookTracker, NotebookActions } = await shared("@jupyterlab/notebook");
      const plugin = {
        id: `${NAME}:plugin`,
        autoStart: true,
        requires: [INotebookTracker],
        activate: (_app, tracker) => activate(tracker, NotebookActions),
      };
      return () => ({ __esModule: true, default: plugin });
    },
  };
})();
