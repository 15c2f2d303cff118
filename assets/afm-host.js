// Shows the anywidgets of a static page: no kernel, no widget manager, nothing fetched.
//
// MyST-NB writes the state of every widget into the page. This file reads it and gives each module
// (the AFM interface, https://anywidget.dev/en/afm/) a model with get, set, on, off and save_changes.
// `extensions/shared_modules.py` may have moved a module that several widgets share into one script,
// which leaves its source in `sharedModules` under the key that then stands in the state.
(() => {
  "use strict";
  const VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]';
  const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
  const records = {}, models = {}, modules = {}, styles = new Set();

  const source = (text) => globalThis.sharedModules?.[text] ?? text;

  function binary(base64) {
    const text = atob(base64), bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    return new DataView(bytes.buffer);
  }

  class Model {
    constructor(state) {
      this.state = state;
      this.listeners = new Map();
      this.widget_manager = { get_model: load };
    }
    get(key) { return this.state[key]; }
    set(key, value) {
      for (const [name, next] of Object.entries(typeof key === "object" ? key : { [key]: value })) {
        if (this.state[name] === next) continue;
        this.state[name] = next;
        this.emit(`change:${name}`, this, next);
      }
      this.emit("change", this);
    }
    save_changes() {}
    send() {}
    on(names, listener) {
      for (const name of names.split(/\s+/)) {
        if (!this.listeners.has(name)) this.listeners.set(name, new Set());
        this.listeners.get(name).add(listener);
      }
    }
    off(names, listener) {
      if (names == null) return this.listeners.clear();
      for (const name of names.split(/\s+/)) {
        if (listener) this.listeners.get(name)?.delete(listener);
        else this.listeners.delete(name);
      }
    }
    emit(name, ...args) { for (const listener of [...(this.listeners.get(name) ?? [])]) listener(...args); }
  }

  const importText = (text) =>
    (modules[text] ??= import(URL.createObjectURL(new Blob([text], { type: "text/javascript" }))));

  // One model for each id, however many views it has.
  function load(id) {
    return (models[id] ??= (async () => {
      const { state, buffers = [] } = records[id];
      for (const { path, data } of buffers) {
        path.slice(0, -1).reduce((part, key) => part[key], state)[path.at(-1)] = binary(data);
      }
      const model = new Model(state);
      const module = await importText(source(state._esm));
      model.widget = typeof module.default === "function" ? await module.default() : module.default;
      await model.widget.initialize?.({ model });
      return model;
    })());
  }

  function addStyle(css) {
    if (!css || styles.has(css)) return;
    styles.add(css);
    document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
  }

  async function show(script) {
    const id = JSON.parse(script.textContent).model_id;
    const el = Object.assign(document.createElement("div"), { className: "afm-widget" });
    script.after(el);
    if (records[id]?.model_module !== "anywidget") {
      el.textContent = "This widget needs a running kernel: open the chapter in JupyterLab.";
      return;
    }
    try {
      const model = await load(id);
      addStyle(source(model.get("_css")));
      await model.widget.render({ model, el });
    } catch (error) {
      el.textContent = `This widget could not be shown: ${error.message}`;
      console.error(error);
    }
  }

  function start() {
    for (const script of document.querySelectorAll(STATE)) Object.assign(records, JSON.parse(script.textContent).state);
    if (!document.querySelector(".reveal")) showWidgets(document);
  }

  // Slides call this for each slide when it comes near.
  const showWidgets = (root) => root.querySelectorAll(VIEW).forEach(show);
  globalThis.showWidgets = showWidgets;
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
