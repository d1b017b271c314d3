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
  const formula = new RegExp(document.body.dataset.formula);  // hftopic._spreadsheets
  const safe = !numeric && formula.test(text) ? "'" + text : text;
  return /[",\n\r]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
};
const saveTable = (key) => {
  const table = byId(key).querySelector("table"), headers = [...table.tHead.rows[0].cells];
  const lines = [headers.map((h) => quoted(h.dataset.name, false))];
  for (const row of table.tBodies[0].rows)
    lines.push([...row.cells].map((c, i) => quoted(c.dataset.v, headers[i].classList.contains("n"))));
  const text = "\ufeff" + lines.map((line) => line.join(",")).join("\r\n") + "\r\n";
  save(new Blob([text], { type: "text/csv" }), key + ".csv");
};
