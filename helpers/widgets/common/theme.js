// Colours: the text and paper of the page the widget stands in, and the palette of the book's figures.

export const PALETTE = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
const PALETTE_ON_DARK = ["#56a8f0", "#ff8a4c", "#2fc79a", "#e7a3c8", "#f2b92c", "#8fd0f5"];
// The decibel scale of helpers/plots/_style.py, silence first.
export const DECIBEL_STOPS = ["#ffffff", "#fde4c0", "#f6ad68", "#dd6648", "#9c2f5d", "#4b1a5e", "#140b2e"];

const channels = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

const rgb = (css) => css.match(/[\d.]+/g).slice(0, 3).map(Number);

// What the style sheet resolved for this element. The style sheet names the theme's variables.
export function themeOf(element) {
  const style = getComputedStyle(element);
  const [red, green, blue] = rgb(style.color);
  const dark = red + green + blue > 384;
  const type = parseFloat(style.getPropertyValue("--type")) || 1; // slides write larger
  return {
    dark,
    ink: style.color,
    paper: style.backgroundColor,
    muted: style.getPropertyValue("--muted").trim(),
    edge: style.getPropertyValue("--edge").trim(),
    palette: dark ? PALETTE_ON_DARK : PALETTE,
    font: (size, weight = "") => `${weight} ${size * type}px ${style.fontFamily}`,
  };
}

// 256 colours from silence, which is the colour of the paper, to loud.
export function decibelColours({ dark, paper }) {
  const inks = dark ? [...DECIBEL_STOPS.slice(1, 6).reverse(), "#fff6e0"] : DECIBEL_STOPS.slice(1);
  const stops = [rgb(paper), ...inks.map(channels)];
  const table = new Uint32Array(256);
  const bytes = new Uint8ClampedArray(table.buffer);
  for (let i = 0; i < 256; i++) {
    const position = (i / 255) * (stops.length - 1);
    const stop = Math.min(Math.floor(position), stops.length - 2);
    for (let c = 0; c < 3; c++) {
      bytes[4 * i + c] = stops[stop][c] + (position - stop) * (stops[stop + 1][c] - stops[stop][c]);
    }
    bytes[4 * i + 3] = 255;
  }
  return table;
}

// Calls back when the reader changes between light and dark. Returns the way to stop it.
export function onThemeChange(callback) {
  const observer = new MutationObserver(callback);
  const options = { attributes: true, attributeFilter: ["data-theme", "data-mode", "data-jp-theme-light", "class"] };
  observer.observe(document.documentElement, options);
  observer.observe(document.body, options);
  return () => observer.disconnect();
}
