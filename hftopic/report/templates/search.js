// Search: words and "phrases in quotes" find topics and documents.
const PAGE = 20;
let found = [], shown = 0, terms = [], searchable = null;

const parsed = (query) => [...query.toLowerCase().matchAll(/"([^"]*)"|"?(\S+)/g)]
  .map(([, phrase, word]) => ({ text: (phrase ?? word).trim().replace(/\s+/g, " "), exact: phrase !== undefined }))
  .filter(({ text }) => text);
// Words begin with what is searched for; in quotes they are whole words.
const pattern = ({ text, exact }) => {
  const separate = !CONNECTED.test(text), letters = /^[\p{L}\p{N}]/u.test(text), end = /[\p{L}\p{M}\p{N}]$/u.test(text);
  return new RegExp((separate && letters ? `(?<!${LETTER})` : "") + escaped(text).replace(/ /g, "\\s+") + (separate && exact && end ? `(?!${LETTER})` : ""), "u");
};
const plainText = (i) => {
  const d = data.documents, label = d.labels ? data.labels[d.labels[i]] ?? "" : "";
  const body = d.texts && d.texts[i] !== null ? d.texts[i] : wordsOf(i).map(([word]) => word).join(" ");
  return `${d.names[i]} ${label} ${body}`.toLowerCase();
};
const isOrdered = () => data.documents.counts.includes(null);
const shareOf = (i, topics) => sharesOf(i).reduce((sum, [topic, share]) => (topics.has(topic) ? sum + share : sum), 0);
const chosenTopics = () => {
  const topic = byId("of-topic").value, group = byId("of-group").value;
  if (topic !== "") return new Set([Number(topic)]);
  return group === "" ? null : new Set(data.topics.filter((t) => data.groups[t] === Number(group)));
};
const isWithin = (i) => {
  const d = data.documents, label = byId("of-label"), from = byId("from"), to = byId("to");
  if (label && label.value !== "" && d.labels[i] !== Number(label.value)) return false;
  if (!from || (from.value === "" && to.value === "")) return true;
  const period = d.periods[i];
  return period >= 0 && period >= Number(from.value) && period <= (to.value === "" ? Infinity : Number(to.value));
};

// Topics to which the words of the query are most relevant, as hftopic.analysis.find_topics ranks them.
const rankedTopics = (words) => {
  const sums = new Map(), known = new Set();
  for (const word of words) {
    const exact = data.places.get(word), begins = (place) => data.words[place].toLowerCase().startsWith(word);
    const places = exact !== undefined ? [exact] : [...data.words.keys()].filter(begins).slice(0, 5);
    for (const place of places) {
      known.add(data.words[place]);
      for (let at = 0; at < data.uses[place].length; at += 3) {
        const [topic, share, score] = data.uses[place].slice(at, at + 3), sum = sums.get(topic) || [0, 0];
        sums.set(topic, [sum[0] + score / places.length, sum[1] + share / 100 / places.length / words.length]);
      }
    }
  }
  return [[...sums].sort((a, b) => b[1][0] - a[1][0]).slice(0, 8), [...known]];
};
const showTopics = (words) => {
  const box = byId("found-topics");
  box.replaceChildren();
  if (!words.length) return;
  const [ranked, known] = rankedTopics([...new Set(words.flatMap((term) => (data.places.has(term) ? [term] : term.split(" "))))]);
  if (!known.length) return box.append("No word of the model begins like this, so no topic is listed.");
  box.append(`Topics of ${known.map((word) => `“${word}”`).join(", ")}: `);
  for (const [topic, [, use]] of ranked) {
    const link = make("a", "chip " + groupOf(topic), `${topic} `, make("bdi", "", data.names[topic]), ` ${Math.round(100 * use)}%`);
    link.title = "Part of the documents with the word that use it for this topic";
    link.href = "#topic-" + topic;
    box.append(link, " ");
  }
};

const search = () => {
  const words = parsed(byId("query").value), topics = chosenTopics(), d = data.documents;
  searchable ||= d.names.map((_, i) => plainText(i));
  const wanted = isOrdered() ? words : words.flatMap(({ text, exact }) => text.split(" ").map((word) => ({ text: word, exact })));
  terms = wanted.map(pattern);
  const matches = (i) => terms.every((term, j) => (wanted[j].text.includes(" ") || searchable[i].includes(wanted[j].text)) && term.test(searchable[i]));
  found = d.names.map((_, i) => i).filter((i) => isWithin(i) && matches(i));
  if (topics !== null) {
    const share = new Map(found.map((i) => [i, shareOf(i, topics)]));
    found = found.filter((i) => share.get(i) > 0).sort((a, b) => share.get(b) - share.get(a));
  }
  byId("results").replaceChildren();
  shown = 0;
  const order = wanted.length > words.length ? "; the order of words is not known, so the words of a phrase are found in any order" : "";
  const from = byId("from"), to = byId("to");
  const empty = from && from.value !== "" && to.value !== "" && Number(from.value) > Number(to.value) ? "; the start is after the end" : "";
  byId("found").textContent = `${found.length.toLocaleString("en")} of ${counted(d.names.length, "document")}${order}${empty}`;
  showTopics(words.map(({ text }) => text));
  oneStop(byId("found-topics"));
  showMore();
};
const showMore = () => {
  const next = found.slice(shown, shown + PAGE), boxes = next.map((i) => article(i, terms));
  byId("results").append(...boxes);
  boxes.forEach(fold);
  oneStop(byId("results"));
  shown += next.length;
  byId("more").hidden = shown >= found.length;
};
const find = (query, topic = "") => {
  for (const filter of all(".search select")) filter.value = "";
  byId("query").value = query;
  byId("of-topic").value = topic;
  search();
  byId("documents").scrollIntoView();
};
