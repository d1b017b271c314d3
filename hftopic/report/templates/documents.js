// Documents: names, topics and words, each word in the colour of the topic that contributes most to it.
const groupOf = (topic) => "g" + data.colours[topic];
const sharesOf = (i) => {
  const flat = data.documents.shares[i], step = data.signed ? 2 : 3, rows = [];
  for (let at = 0; at < flat.length; at += step) rows.push([flat[at], flat[at + 1] / 1e4, (flat[at + 2] || 0) / 1e3]);
  return rows;
};
const wordsOf = (i) => {  // [word, topic or -1, strength, count]; ids are stored as differences
  const d = data.documents;
  let id = 0;
  const known = d.words[i].map((step, j) => [data.words[id += step], d.topics[i][j], d.strengths[i][j]]);
  if (d.orders[i]) return d.orders[i].map((j) => [...known[j], 1]);
  if (d.counts[i]) return known.map((word, j) => [...word, d.counts[i][j]]).sort((a, b) => b[3] - a[3]);
  return known.map((word) => [...word, 1]);
};

const colourWord = (word, topic, strength, hit) => {
  if ((topic < 0 || strength < 1) && !hit) return document.createTextNode(word);
  const mark = make("mark", (topic >= 0 && strength >= 1 ? groupOf(topic) : "plain") + (hit ? " hit" : ""), word);
  if (topic < 0) return mark;
  mark.style.setProperty("--s", strength / 9);
  mark.title = `topic ${topic}: ${data.names[topic]}`;
  return mark;
};
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
const CONNECTED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}\p{Script=Myanmar}]/u;
const LETTER = "[\\p{L}\\p{M}\\p{N}_]", SIMPLE = new RegExp(`^${LETTER}+$`, "u");
const bounded = (word) => {  // a pattern that matches whole words, in scripts that separate them
  const pattern = escaped(word).replace(/[\s_]+/g, "[\\s_]+");
  return CONNECTED.test(word) ? pattern : `(?<!${LETTER})${pattern}(?!${LETTER})`;
};
// Text with coloured words, and with what was searched for; words that are no run of letters take longer.
const marked = (text, words, terms) => {
  const key = (word) => word.toLowerCase().replace(/[\s_]+/g, " ");
  const known = new Map(words.filter(([, topic]) => topic >= 0).map(([word, topic, strength]) => [key(word), [topic, strength]]));
  const others = [...known.keys()].filter((word) => !SIMPLE.test(word) || CONNECTED.test(word)).sort((a, b) => b.length - a.length);
  const patterns = [...terms.map((term) => `${term.source}${LETTER}*`), ...others.map(bounded), `${LETTER}+`];
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(new RegExp(patterns.join("|"), "giu"))) {
    const contribution = known.get(key(match[0])), hit = terms.some((term) => term.test(match[0].toLowerCase()));
    if (!contribution && !hit) continue;
    parts.push(text.slice(end, match.index), colourWord(match[0], ...(contribution || [-1, 0]), hit));
    end = match.index + match[0].length;
  }
  return [...parts, text.slice(end)];
};

const chip = ([topic, share, lift]) => {
  const size = data.signed ? signed(share) : `${Math.round(100 * share)}%, ×${lift.toFixed(1)}`;
  const link = make("a", "chip " + groupOf(topic), `${topic} `, make("bdi", "", data.names[topic]), `: ${size}`);
  link.href = "#topic-" + topic;
  return link;
};
// One document; with `only`, the words of one topic alone are coloured.
const article = (i, terms = [], only = null) => {
  const d = data.documents, box = make("article", "document"), head = make("h3");
  head.append(make("bdi", "", d.names[i]));
  if (d.labels) head.append(" ", make("small", "label", data.labels[d.labels[i]] ?? ""));
  if (d.dates && d.dates[i]) head.append(" ", make("small", "time", d.dates[i]));
  const shares = make("p", "shares"), body = make("p", "body");
  for (const row of sharesOf(i)) shares.append(chip(row), " ");
  body.dir = "auto";
  const words = wordsOf(i).map(([word, topic, ...rest]) => [word, only === null || topic === only ? topic : -1, ...rest]);
  if (d.texts && d.texts[i] !== null) body.append(...marked(d.texts[i], words, terms));
  else for (const [word, topic, strength, count] of words)
    body.append(colourWord(word + (count > 1 ? " ×" + count : ""), topic, strength, terms.some((term) => term.test(word.toLowerCase()))), " ");
  if (d.cut[i]) body.append(" ", make("small", "", `… ${counted(d.cut[i], d.texts && d.texts[i] !== null ? "more character" : "more word")}`));
  box.append(head, shares, body);
  return box;
};
// A long document is folded at the first hit, and a button unfolds it; called when the document is on the page.
const fold = (box) => {
  const body = box.querySelector(".body"), hit = body.querySelector(".hit");
  if (hit) body.scrollTop = hit.offsetTop - body.offsetTop - 40;
  if (body.scrollHeight <= body.clientHeight + 4) return;
  const button = make("button", "unfold", "Show all of it");
  button.type = "button";
  box.append(button);
};
