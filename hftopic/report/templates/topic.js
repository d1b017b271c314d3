// The view of one topic: its words, time, labels, pairs and documents.
const N_SHOWN = 20;
let opener = null;

const relevance = (pole, balance) => pole.p.map((p, i) => balance * Math.log(p) + (1 - balance) * Math.log(pole.lift[i]));
const wordRows = (pole, balance) => {
  const scores = relevance(pole, balance), list = make("ol", "view-words"), highest = Math.max(...pole.p);
  list.dataset.keys = "";
  const ranked = scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a]).slice(0, N_SHOWN);
  for (const i of ranked) {
    const word = data.words[pole.words[i]], button = make("button", "word", make("bdi", "", word)), bar = make("span", "bar"), row = make("li", "", button, bar);
    button.type = "button";
    button.dataset.word = word;
    bar.style.setProperty("--w", `${(100 * pole.p[i]) / highest}%`);
    bar.style.setProperty("--all", `${(100 * pole.p[i]) / pole.lift[i] / highest}%`);
    row.title = `${percent(pole.p[i])} of the words of the topic, ${pole.lift[i].toFixed(1)} times as frequent as in the corpus`;
    list.append(row);
  }
  oneStop(list);
  return list;
};
const wordPart = (view) => {
  const part = make("section", "", make("h3", "", "Words")), slider = make("input"), output = make("output"), lists = make("div");
  Object.assign(slider, { type: "range", min: 0, max: 1, step: 0.05, value: 0.6, id: "balance" });
  const label = make("label", "slider", "exclusive to the topic", slider, "frequent in the topic ", output);
  const show = () => {
    const balance = Number(slider.value);
    output.textContent = `λ = ${balance.toFixed(2)}`;
    lists.replaceChildren(...view.poles.flatMap((pole) => [...(pole.name ? [make("p", "pole", pole.name)] : []), wordRows(pole, balance)]));
  };
  slider.addEventListener("input", show);
  show();
  part.append(label, lists, make("p", "note", "Relevance λ log p(w|topic) + (1 − λ) log p(w|topic) / p(w), of Sievert and Shirley (2014). A bar is the probability of the word in the topic; the dark mark is its probability in the corpus. Choose a word to find it."));
  return part;
};
const timePart = (topic, view) => {
  const part = make("section", "", make("h3", "", "Over time")), described = `Topic ${topic} over time`;
  const figure = make("figure", "", figureTools(), timeLine(view.timeMeans, view.timeErrors, data.periods, data.periodSizes, described));
  figure.dataset.name = `topic-${topic}-over-time`;
  figure.append(make("figcaption", "", `${data.valueName} in each period; the band is two standard errors on each side.`));
  part.append(figure);
  return part;
};
const labelPart = (view) => {
  const list = make("ol", "by-label"), ranked = view.labelMeans.map((_, i) => i).sort((a, b) => view.labelMeans[b] - view.labelMeans[a]);
  const ends = view.labelMeans.map((mean, i) => Math.abs(mean) + 2 * view.labelErrors[i]), widest = Math.max(...ends) || 1;
  for (const i of ranked.slice(0, 40)) {
    const bar = make("span", "bar"), mean = view.labelMeans[i], error = view.labelErrors[i];
    bar.style.setProperty("--w", `${(100 * Math.abs(mean)) / widest}%`);
    bar.style.setProperty("--from", `${(100 * Math.max(0, Math.abs(mean) - 2 * error)) / widest}%`);
    bar.style.setProperty("--to", `${(100 * (Math.abs(mean) + 2 * error)) / widest}%`);
    const value = data.signed ? signed(mean) : percent(mean);
    list.append(make("li", "", make("bdi", "word", data.labels[i]), bar, make("span", "value", value), make("small", "", `n = ${data.labelSizes[i].toLocaleString("en")}`)));
  }
  return make("section", "", make("h3", "", "By label"), list, make("p", "note", `${data.valueName} of the documents with each label; the line is two standard errors on each side.`));
};
const pairPart = (view) => {
  const part = make("section", "", make("h3", "", "Correlated topics"));
  for (const [heading, across] of [["In other groups", 1], ["In its own group", 0]]) {
    const pairs = view.pairs.filter((pair) => pair[2] === across);
    if (!pairs.length) continue;
    const list = make("ul", "pairs");
    list.dataset.keys = "";
    for (const [other, r, , p] of pairs) {
      const link = make("a", "", `${other} `, make("bdi", "", data.names[other]));
      link.href = "#topic-" + other;
      list.append(make("li", groupOf(other), make("span", "mark"), link, ` r = ${signed(r)}`, p > 0.05 ? make("small", "", " not significant") : ""));
    }
    oneStop(list);
    part.append(make("h4", "", heading), list);
  }
  return part;
};
const documentPart = (topic, view) => {
  const more = make("button", "to-documents", `All documents of topic ${topic}`), part = make("section", "", make("h3", "", "Representative documents"));
  more.type = "button";
  more.dataset.topic = topic;
  part.dataset.keys = "";
  part.append(...view.documents.map((i) => article(i, [], topic)), make("p", "", more));
  return part;
};

const openTopic = (topic) => {
  const dialog = byId("view"), view = data.views[topic], card = byId("topic-" + topic), body = byId("view-body");
  byId("view-title").replaceChildren(...card.querySelector("h4").cloneNode(true).childNodes);
  dialog.className = groupOf(topic);
  body.replaceChildren(make("p", "lead", `Group ${data.groups[topic]}`), card.querySelector(".figures").cloneNode(true), wordPart(view));
  if (view.timeMeans && view.timeMeans.some((value) => value !== null)) body.append(timePart(topic, view));
  if (view.labelMeans) body.append(labelPart(view));
  if (view.pairs.length) body.append(pairPart(view));
  const documents = documentPart(topic, view);
  body.append(documents);
  const place = data.topics.indexOf(topic), n = data.topics.length;
  byId("previous").href = "#topic-" + data.topics[(place + n - 1) % n];
  byId("next").href = "#topic-" + data.topics[(place + 1) % n];
  if (!dialog.open) {
    opener = document.activeElement;
    dialog.showModal();
  }
  all(".document", documents).forEach(fold);
  oneStop(documents);
  dialog.scrollTop = 0;
  byId("view-title").focus();
};
const closeTopic = () => { if (byId("view").open) byId("view").close(); };
