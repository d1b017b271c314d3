"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const make = (tag, className, text) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };

  // Tables: sort by a column, download as CSV.
  const order = (a, b) => {
    const x = Number(a), y = Number(b);
    if (a !== "" && b !== "" && !Number.isNaN(x) && !Number.isNaN(y)) return x - y;
    return a.localeCompare(b);
  };
  const sortBy = (header) => {
    const row = header.parentElement, body = row.closest("table").tBodies[0];
    const column = [...row.cells].indexOf(header), numeric = header.classList.contains("n");
    const was = header.getAttribute("aria-sort");
    const direction = was ? (was === "ascending" ? "descending" : "ascending") : numeric ? "descending" : "ascending";
    for (const other of row.cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", direction);
    const sign = direction === "ascending" ? 1 : -1;
    const rows = [...body.rows].map((r) => [r.cells[column].dataset.v, r]);
    rows.sort(([a], [b]) => (a === "" ? 1 : b === "" ? -1 : sign * order(a, b)));  // missing values are last
    body.append(...rows.map(([, r]) => r));
  };
  const quoted = (text, numeric) => {
    const safe = !numeric && new RegExp(data.formula).test(text) ? "'" + text : text;  // hftopic._spreadsheets
    return /[",\n\r]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
  };
  const download = (key) => {
    const table = byId(key).querySelector("table"), headers = [...table.tHead.rows[0].cells];
    const lines = [headers.map((h) => quoted(h.dataset.name, false))];
    for (const row of table.tBodies[0].rows)
      lines.push([...row.cells].map((c, i) => quoted(c.dataset.v, headers[i].classList.contains("n"))));
    const text = "\ufeff" + lines.map((line) => line.join(",")).join("\r\n") + "\r\n";
    const link = make("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    link.download = key + ".csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };

  // Documents: search by words and topic; each word has the colour of the topic that contributes most to it.
  const data = JSON.parse(byId("data").textContent);
  const PAGE = 20, groupOf = new Map(data.topics.map(([topic, colour]) => [topic, colour]));
  let found = [], shown = 0;
  const searchable = data.documents.map((d) =>
    [d.name, d.label || "", d.text || d.tokens.map((t) => data.words[t[0]]).join(" ")].join(" ").toLowerCase());
  const shareOf = (d, topic) => (d.shares.find(([t]) => t === topic) || [0, 0])[1];

  const search = () => {
    const terms = byId("query").value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = byId("of-topic").value, topic = chosen === "" ? null : Number(chosen);
    found = data.documents.map((d, i) => i).filter((i) => terms.every((t) => searchable[i].includes(t)));
    if (topic !== null) {
      found = found.filter((i) => shareOf(data.documents[i], topic) > 0);
      found.sort((a, b) => shareOf(data.documents[b], topic) - shareOf(data.documents[a], topic));
    }
    byId("results").replaceChildren();
    shown = 0;
    byId("found").textContent = `${found.length.toLocaleString("en")} of ${data.documents.length.toLocaleString("en")} documents`;
    showMore();
  };
  const showMore = () => {
    const next = found.slice(shown, shown + PAGE);
    byId("results").append(...next.map((i) => article(data.documents[i])));
    shown += next.length;
    byId("more").hidden = shown >= found.length;
  };
  const colourWord = (word, topic, strength) => {
    if (topic < 0 || strength < 1) return document.createTextNode(word);
    const mark = make("mark", "g" + groupOf.get(topic), word);
    mark.style.setProperty("--s", strength / 9);
    mark.title = "topic " + topic;
    return mark;
  };
  const running = (d) => {
    const known = new Map(d.tokens.map(([w, topic, strength]) => [data.words[w], [topic, strength]]));
    const parts = [];
    let end = 0;
    for (const match of d.text.matchAll(/[\p{L}\p{M}\p{N}_]+/gu)) {
      const [topic, strength] = known.get(match[0]) || known.get(match[0].toLowerCase()) || [-1, 0];
      parts.push(d.text.slice(end, match.index), colourWord(match[0], topic, strength));
      end = match.index + match[0].length;
    }
    return [...parts, d.text.slice(end)];
  };
  const article = (d) => {
    const box = make("article", "document"), head = make("h3");
    head.append(make("bdi", "", d.name));
    if (d.label) head.append(" ", make("small", "label", d.label));
    const shares = make("p", "shares");
    for (const [topic, share, lift] of d.shares) {
      const size = data.signed ? share.toFixed(2).replace("-", "−") : `${Math.round(100 * share)}%, ×${lift.toFixed(1)}`;
      const link = make("a", "chip g" + groupOf.get(topic), `${topic}: ${size}`);
      link.href = "#topic-" + topic;
      link.title = data.names[topic];
      shares.append(link, " ");
    }
    const body = make("p", "body");
    body.dir = "auto";
    body.tabIndex = 0;
    if (d.text) body.append(...running(d));
    else for (const [w, topic, strength, count] of d.tokens)
      body.append(colourWord(data.words[w] + (count > 1 ? " ×" + count : ""), topic, strength), " ");
    if (d.cut) body.append(make("small", "", d.cut));
    box.append(head, shares, body);
    return box;
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button, a");
    if (!button) return;
    if (button.classList.contains("sort")) sortBy(button.closest("th"));
    else if (button.classList.contains("csv")) download(button.dataset.table);
    else if (button.classList.contains("to-documents")) {
      byId("of-topic").value = button.dataset.topic;
      byId("query").value = "";
      search();
      byId("documents").scrollIntoView();
      byId("of-topic").focus({ preventScroll: true });
    } else if (button.id === "more") showMore();
  });
  const openTarget = () => {
    const inside = location.hash.length > 1 && byId(decodeURIComponent(location.hash.slice(1)));
    const folded = inside && inside.closest("details");
    if (folded) { folded.open = true; inside.scrollIntoView(); }
  };
  window.addEventListener("hashchange", openTarget);
  byId("query").addEventListener("input", search);
  byId("of-topic").addEventListener("change", search);
  document.querySelector("form.search").addEventListener("submit", (event) => event.preventDefault());
  document.documentElement.classList.add("with-script");
  search();
  openTarget();
})();
