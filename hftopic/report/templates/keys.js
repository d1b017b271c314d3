// Keyboard: a group (data-keys) is one tab stop; inside it the arrow keys move to the nearest item.
const ITEMS = "a[href], button";
const itemsOf = (group) => all(ITEMS, group).filter((item) => item.getClientRects().length);

const oneStop = (group) => {
  const items = all(ITEMS, group);
  for (const item of items) item.setAttribute("tabindex", "-1");
  if (items.length) items[0].setAttribute("tabindex", "0");
};
const holdStop = (item) => {
  const group = item.closest("[data-keys]");
  if (!group || !item.matches(ITEMS)) return;
  for (const other of all('[tabindex="0"]', group)) other.setAttribute("tabindex", "-1");
  item.setAttribute("tabindex", "0");
};
const centre = (item) => {
  const box = item.getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
};
const nearest = (from, items, horizontal, sign) => {
  const [x, y] = centre(from);
  let best = null, least = Infinity;
  for (const item of items) {
    const [u, v] = centre(item);
    const along = sign * (horizontal ? u - x : v - y), across = Math.abs(horizontal ? v - y : u - x);
    const cost = along + 4 * across;
    if (along > 1 && cost < least) [best, least] = [item, cost];
  }
  return best || items[items.indexOf(from) + sign];
};
const move = (event) => {
  const item = event.target, group = item.closest("[data-keys]");
  if (!group || !item.matches(ITEMS) || event.ctrlKey || event.altKey || event.metaKey) return;
  const steps = { ArrowLeft: [true, -1], ArrowRight: [true, 1], ArrowUp: [false, -1], ArrowDown: [false, 1] };
  const items = itemsOf(group);
  const next = event.key in steps ? nearest(item, items, ...steps[event.key])
    : event.key === "Home" ? items[0] : event.key === "End" ? items.at(-1) : undefined;
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
};
