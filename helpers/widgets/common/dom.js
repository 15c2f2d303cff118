// Elements, buttons and keys.

// make("button", { class: "play", "aria-label": "Play", onclick: f }, children...)
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element[name] = value;
    else if (value != null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const ICONS = {
  play: "M5 3v14l12-7z",
  pause: "M4 3h4v14H4zM12 3h4v14h-4z",
  repeat: "M5 4h9v3l4-4-4-4v3H3v7h2zM15 16H6v-3l-4 4 4 4v-3h11v-7h-2z",
};

export function icon(name) {
  const template = make("template");
  template.innerHTML = `<svg viewBox="0 -1 20 22" width="16" height="16" aria-hidden="true"><path fill="currentColor" d="${ICONS[name] ?? name}"/></svg>`;
  return template.content.firstChild;
}

export const press = (button, on) => button.setAttribute("aria-pressed", String(on));

// A button that is either on or off, with the colour of its curve.
export function choice(text, colour, onclick, key) {
  const dot = make("span", { class: "dot", "aria-hidden": "true", style: `--colour:${colour}` });
  const button = make("button", { type: "button", class: "choice", onclick }, dot, text);
  if (key) button.append(make("kbd", { "aria-hidden": "true" }, key));
  press(button, false);
  return button;
}

// One handler for each key. A handled key goes no further: slides and JupyterLab have their own use for it.
export function onKeys(root, handlers) {
  root.dataset.lmSuppressShortcuts = "true";
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !handlers[event.key]) return;
    handlers[event.key](event);
    event.preventDefault();
    event.stopPropagation();
  });
}
