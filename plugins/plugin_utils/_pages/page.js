"use strict";
(() => {
  const { columns, rows, tones, words, first } = JSON.parse(document.getElementById("rows").textContent);
  const CHUNK = 100;
  const LINK_OF = columns.findIndex(([title]) => title === "address");
  const body = document.querySelector("#table > tbody");
  const more = document.getElementById("more");
  const count = document.getElementById("count");
  const sort = document.getElementById("sort");
  const headings = [...document.querySelectorAll("#table > thead th")];
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const state = { text: "", word: null, column: -1, descending: false };
  // Before the first two entries of a row, its tone and its link, there is nothing; its cells come after them.
  const cell = (row, column) => row[column + 2];
  const texts = new Map();
  let view = rows;
  let shown = first;

  const textOf = (row) => {
    if (!texts.has(row)) texts.set(row, row.slice(2).join("\n").toLowerCase());
    return texts.get(row);
  };

  const element = (name, classes, text) => {
    const made = document.createElement(name);
    if (classes) made.className = classes;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  // What programs call things may be broken after their own separators, and nowhere else.
  const breakable = (text) => {
    const made = element("bdi");
    text.match(/[^_.:@]+[_.:@]*|[_.:@]+/g).forEach((piece, number) => {
      if (number) made.append(element("wbr"));
      made.append(piece);
    });
    return made;
  };

  const content = (row, column, text) => {
    if (columns[column][1] === "status") return element("span", `badge ${words[text]}`, text);
    if (columns[column][1] === "short") return breakable(text);
    if (column !== LINK_OF || !row[1]) return element("bdi", "", text);
    const link = element("a", "", text);
    link.href = row[1];
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    return link;
  };

  const line = (row) => {
    const made = element("tr", tones[row[0]]);
    columns.forEach(([title, kind], column) => {
      const field = element("td", kind);
      field.dataset.title = title;
      const text = cell(row, column);
      if (text) field.append(content(row, column, text));
      made.append(field);
    });
    return made;
  };

  const append = () => {
    body.append(...view.slice(shown, shown + CHUNK).map(line));
    shown = Math.min(view.length, shown + CHUNK);
    more.hidden = shown >= view.length;
  };

  const fillScreen = () => {
    while (shown < view.length && more.getBoundingClientRect().top < 2 * window.innerHeight) append();
  };

  const compare = (column, isNumber) => (one, other) => {
    const [a, b] = [cell(one, column), cell(other, column)];
    // What is empty stands last, whichever the direction.
    if (!a || !b) return (a ? 0 : 1) - (b ? 0 : 1);
    const order = isNumber ? Number(a) - Number(b) : collator.compare(a, b);
    return state.descending ? -order : order;
  };

  const show = () => {
    const parts = state.text.toLowerCase().split(/\s+/).filter(Boolean);
    view = rows.filter(
      (row) =>
        (state.word === null || columns.some(([, kind], column) => kind === "status" && cell(row, column) === state.word)) &&
        parts.every((part) => textOf(row).includes(part)),
    );
    if (state.column >= 0) view = [...view].sort(compare(state.column, columns[state.column][1] === "number"));
    body.replaceChildren();
    shown = 0;
    append();
    fillScreen();
    count.textContent = view.length === rows.length ? `${rows.length} rows` : `${view.length} of ${rows.length} rows`;
    headings.forEach((heading, column) => {
      const direction = state.descending ? "descending" : "ascending";
      heading.setAttribute("aria-sort", column === state.column ? direction : "none");
    });
    sort.value = String(state.column);
  };

  document.getElementById("filter").addEventListener("input", (event) => {
    state.text = event.target.value;
    show();
  });
  sort.addEventListener("change", () => {
    state.column = Number(sort.value);
    state.descending = false;
    show();
  });
  headings.forEach((heading, column) =>
    heading.firstElementChild.addEventListener("click", () => {
      // Up, down, and back to the worst first.
      const isSame = state.column === column;
      state.column = isSame && state.descending ? -1 : column;
      state.descending = isSame && !state.descending;
      show();
    }),
  );
  const buttons = [...document.querySelectorAll(".counts button")];
  buttons.forEach((button) =>
    button.addEventListener("click", () => {
      state.word = state.word === button.dataset.word ? null : button.dataset.word;
      buttons.forEach((each) => each.setAttribute("aria-pressed", String(each.dataset.word === state.word)));
      show();
    }),
  );
  more.hidden = shown >= view.length;
  window.addEventListener("scroll", fillScreen, { passive: true });
  window.addEventListener("resize", fillScreen);
})();
