// Figures: save as SVG or PNG, in the colours that are on the screen; draw the figures of a topic.
const standalone = (figure) => {
  const copy = figure.cloneNode(true), colours = getComputedStyle(document.documentElement);
  const [x, y, width, height] = figure.getAttribute("viewBox").split(/[\s,]+/).map(Number);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", width);
  copy.setAttribute("height", height);
  copy.setAttribute("style", "font-family: system-ui, sans-serif");
  copy.prepend(draw("rect", { x, y, width, height, style: "fill: var(--paper)" }));
  for (const link of all("a", copy)) link.replaceWith(...link.childNodes);  // there is no page to link to
  const text = new XMLSerializer().serializeToString(copy);
  return [text.replace(/var\((--[\w-]+)\)/g, (_, name) => colours.getPropertyValue(name).trim()), width, height];
};
const saveFigure = async (figure, name, format) => {
  const [text, width, height] = standalone(figure);
  if (format === "svg") return save(new Blob([text], { type: "image/svg+xml" }), name + ".svg");
  const image = new Image(), canvas = make("canvas"), scale = 3;
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(text);
  await image.decode();
  [canvas.width, canvas.height] = [scale * width, scale * height];
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  canvas.toBlob((blob) => save(blob, name + ".png"));
};
const figureTools = () => {
  const tools = make("div", "tools");
  tools.dataset.keys = "";
  for (const format of ["svg", "png"]) {
    const button = make("button", "save-figure", format.toUpperCase());
    button.type = "button";
    button.dataset.format = format;
    button.setAttribute("aria-label", `Save the figure as ${format.toUpperCase()}`);
    tools.append(button);
  }
  oneStop(tools);
  return tools;
};

// Round values of an axis, at most five, and their decimals.
const roundTicks = (low, high) => {
  const power = Math.floor(Math.log10((high - low) / 4)), step = [1, 2, 5, 10].map((s) => s * 10 ** power).find((s) => (high - low) / s <= 4);
  const first = Math.ceil(low / step - 1e-9), n = Math.floor(high / step + 1e-9) - first + 1;
  return [Array.from({ length: n }, (_, i) => (first + i) * step), Math.max(0, -Math.floor(Math.log10(step) + 1e-9))];
};

// A line with its band; values are null in periods without documents.
const timeLine = (values, errors, heads, sizes, described) => {
  const width = Math.max(300, Math.min(640, innerWidth - 50)), height = 210,  // as wide as the screen, so that its text is read
     left = 52, right = 12, top = 12, bottom = 34;
  const known = values.map((v, i) => i).filter((i) => values[i] !== null);
  const ends = known.flatMap((i) => [values[i] - 2 * errors[i], values[i] + 2 * errors[i]]);
  const low = data.signed ? Math.min(0, ...ends) : 0, high = Math.max(...ends, low + 1e-6);
  const x = (i) => left + (width - left - right) * (values.length > 1 ? i / (values.length - 1) : 0.5);
  const y = (v) => top + (height - top - bottom) * (1 - (Math.max(v, low) - low) / (high - low));
  const runs = [];
  for (const i of known) {
    if (runs.length && runs.at(-1).at(-1) === i - 1) runs.at(-1).push(i);
    else runs.push([i]);
  }
  const path = (points) => points.map(([u, v], i) => `${i ? "L" : "M"}${u.toFixed(1)} ${v.toFixed(1)}`).join("");
  const text = (u, v, content, anchor) => draw("text", { x: u, y: v, "text-anchor": anchor, "font-size": 11, style: "fill: var(--soft)" }, content);
  const shown = data.signed ? (v) => signed(v) : percent;
  const [ticks, digits] = roundTicks(low, high), tick = data.signed ? (v) => signed(v) : (v) => `${(100 * v).toFixed(Math.max(0, digits - 2))}%`;
  const parts = ticks.flatMap((v) => [
    draw("path", { d: path([[left, y(v)], [width - right, y(v)]]), style: "stroke: var(--line)" }),
    text(left - 6, y(v) + 4, tick(v), "end"),
  ]);
  for (const run of runs) {
    const upper = run.map((i) => [x(i), y(values[i] + 2 * errors[i])]);
    const lower = run.map((i) => [x(i), y(values[i] - 2 * errors[i])]);
    parts.push(draw("path", { d: path([...upper, ...lower.reverse()]) + "Z", style: "fill: var(--c); fill-opacity: .2" }));
    parts.push(draw("path", { d: path(run.map((i) => [x(i), y(values[i])])), style: "fill: none; stroke: var(--c); stroke-width: 2" }));
  }
  for (const i of known) {
    const tip = `${heads[i]}: ${shown(values[i])} ± ${shown(2 * errors[i]).replace("+", "")}, ${counted(sizes[i], "document")}`;
    parts.push(draw("circle", { cx: x(i), cy: y(values[i]), r: 3.5, style: "fill: var(--c)" }, draw("title", {}, tip)));
  }
  const longest = Math.max(...heads.map((head) => head.length)), most = Math.max(1, Math.floor((width - left) / (6.5 * longest + 12)));
  const step = Math.ceil(values.length / most), half = 3.25 * longest;
  heads.forEach((head, i) => {
    const anchor = x(i) - half < 0 ? "start" : x(i) + half > width ? "end" : "middle";
    if (i % step === 0) parts.push(text(x(i), height - 12, head, anchor));
  });
  return draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": described }, ...parts);
};
