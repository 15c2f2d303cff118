// A canvas as wide as its column, sharp on dense screens, drawn once per frame at most.

export function sketch(host, height, draw) {
  const canvas = document.createElement("canvas");
  canvas.style.cssText = `display:block;width:100%;height:${height}px;touch-action:pan-y`;
  host.append(canvas);
  let due = 0;
  const paint = () => {
    due = 0;
    const width = canvas.clientWidth;
    if (!width) return;
    const scale = (window.devicePixelRatio || 1) * magnification(canvas);
    if (canvas.width !== Math.round(width * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    draw(pen, width, height);
  };
  const redraw = () => { due ||= requestAnimationFrame(paint); };
  const observer = new ResizeObserver(redraw);
  observer.observe(canvas);
  return { canvas, redraw, remove: () => { observer.disconnect(); cancelAnimationFrame(due); } };
}

// How much larger than its own pixels an element is shown: slides enlarge the widgets on them.
const magnification = (element) => element.getBoundingClientRect().width / element.clientWidth || 1;

// Follows a finger or the mouse from press to release. `follow` gets the position in the canvas's own pixels.
export function onDrag(canvas, follow) {
  const report = (event) => {
    const box = canvas.getBoundingClientRect(), scale = magnification(canvas);
    follow((event.clientX - box.left) / scale, (event.clientY - box.top) / scale);
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    report(event);
  });
  canvas.addEventListener("pointermove", (event) => canvas.hasPointerCapture(event.pointerId) && report(event));
}
