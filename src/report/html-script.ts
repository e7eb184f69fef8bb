/** Filters and sorts what is there; without it the page shows everything in the order of the report. */
export const script = `
"use strict";
const form = document.querySelector("form");
const images = [...document.querySelectorAll(".image")].map((section) => ({
  section,
  decision: section.dataset.decision,
  head: section.querySelector(".about").textContent.toLowerCase(),
  rows: [...section.querySelectorAll("tbody.findings tr")].map((row) => ({
    row,
    rank: Number(row.dataset.rank),
    text: row.textContent.toLowerCase(),
  })),
}));
const apply = () => {
  const words = form.elements.query.value.toLowerCase().split(/\\s+/).filter(Boolean);
  const rank = Number(form.elements.severity.value);
  const fixable = form.elements.fixable.checked;
  const decisions = new Set([...form.querySelectorAll("[name=decision]:checked")].map(({value}) => value));
  let shownImages = 0, shownFindings = 0;
  for (const {section, decision, head, rows} of images) {
    const missing = words.filter((word) => !head.includes(word));
    let shown = 0;
    for (const {row, rank: own, text} of rows) {
      row.hidden = own < rank || (fixable && row.dataset.fix === "") || !missing.every((word) => text.includes(word));
      if (!row.hidden) shown += 1;
    }
    const fits = missing.length === 0 && rank === 0 && !fixable;
    section.hidden = !decisions.has(decision) || (shown === 0 && !fits);
    if (section.hidden) continue;
    shownImages += 1;
    shownFindings += shown;
  }
  form.elements.count.value = shownImages + " of " + images.length + " images, " + shownFindings + " findings";
};
form.addEventListener("input", apply);
form.addEventListener("submit", (event) => event.preventDefault());
form.hidden = false;
apply();
const order = new Intl.Collator("en", {numeric: true}).compare;
for (const heading of document.querySelectorAll("th[data-column]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...heading.childNodes);
  heading.append(button);
  button.addEventListener("click", () => {
    const ascending = heading.getAttribute("aria-sort") !== "ascending";
    for (const other of heading.parentElement.children) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const body = heading.closest("table").tBodies[0];
    const column = heading.cellIndex;
    const key = (row) => heading.dataset.column === "rank" ? row.dataset.rank : row.cells[column].textContent;
    const rows = [...body.rows].sort((one, other) => order(key(one), key(other)));
    body.append(...(ascending ? rows : rows.reverse()));
  });
}
let closed = [];
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details:not([open])")];
  for (const details of closed) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of closed) details.open = false;
});
`;
