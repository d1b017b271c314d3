// Start: unpack the data, follow links inside the page, and listen.
let data = null, beforeTopic = "#topics";
const unpack = async () => {
  const packed = atob(byId("data").textContent.trim()), bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i++) bytes[i] = packed.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
};

// A topic opens its view; every other target is scrolled to, and unfolded.
const follow = (hash) => {
  const target = hash.length > 1 ? byId(decodeURIComponent(hash.slice(1))) : null;
  const topic = /^#topic-(\d+)$/.exec(hash);
  if (topic && data && Number(topic[1]) in data.views) {
    byId("notice").textContent = "";
    return openTopic(Number(topic[1]));
  }
  closeTopic();
  byId("notice").textContent = !topic || !data ? "" : target ? `Topic ${topic[1]} is left out of this report: ${target.querySelector("small").textContent}` : `There is no topic ${topic[1]}`;
  if (!target) return;
  const folded = target.closest("details");
  if (folded) folded.open = true;
  target.scrollIntoView();
};
const goTo = (hash) => {
  if (!byId("view").open) beforeTopic = location.hash || "#";
  try { history.pushState(null, "", hash); } catch { /* a page inside a notebook has no address of its own */ }
  follow(hash);
};
const closed = () => {
  if (location.hash.startsWith("#topic-")) {
    try { history.replaceState(null, "", beforeTopic); } catch { /* as above */ }
  }
  if (opener && opener.isConnected) opener.focus({ preventScroll: true });
};

document.addEventListener("click", (event) => {
  const chosen = event.target.closest("button, a[href]");
  if (!chosen || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const has = (name) => chosen.classList.contains(name);
  if (chosen.matches("a")) {
    if (!chosen.getAttribute("href").startsWith("#")) return;
    event.preventDefault();
    goTo(chosen.getAttribute("href"));
  } else if (has("sort")) sortBy(chosen.closest("th"));
  else if (has("csv")) saveTable(chosen.dataset.table);
  else if (has("save-figure")) saveFigure(chosen.closest("figure").querySelector("svg"), chosen.closest("figure").dataset.name, chosen.dataset.format);
  else if (has("unfold")) { chosen.closest(".document").classList.add("whole"); chosen.remove(); }
  else if (chosen.id === "close") closeTopic();
  else if (!data) return;
  else if (chosen.id === "more") showMore();
  else if (has("to-documents") || chosen.dataset.word) {
    closeTopic();
    find(chosen.dataset.word ? `"${chosen.dataset.word}"` : "", chosen.dataset.topic || "");
    byId("query").focus({ preventScroll: true });
  }
});
document.addEventListener("keydown", move);
document.addEventListener("focusin", (event) => holdStop(event.target));
window.addEventListener("popstate", () => follow(location.hash));
byId("view").addEventListener("close", closed);
byId("view").addEventListener("click", (event) => { if (event.target === byId("view")) closeTopic(); });  // its backdrop
for (const form of all("form")) form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (form.id === "find" && data) find(byId("find-words").value);
});
byId("query").addEventListener("input", () => { if (data) search(); });
for (const filter of all(".search select")) filter.addEventListener("change", () => { if (data) search(); });
let unfolded = [];
window.addEventListener("beforeprint", () => { unfolded = all("details:not([open])"); for (const box of unfolded) box.open = true; });
window.addEventListener("afterprint", () => { for (const box of unfolded) box.open = false; });

all("[data-keys]").forEach(oneStop);
document.documentElement.classList.add("with-script");
unpack().then((content) => {
  data = content;
  data.places = new Map(data.uses.map((_, place) => [data.words[place].toLowerCase(), place]));
  search();
  document.documentElement.classList.add("ready");
  follow(location.hash);
}, (error) => {
  byId("found").textContent = "This browser cannot unpack the documents, so topics have no view of their own and there is no search. Browsers from 2023 or later can.";
  console.error(error);
});
