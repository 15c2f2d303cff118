// A field and a row of buttons above every table of the class `filterable`. The buttons are the values of its first
// column. Without this script the table is simply whole.
(() => {
  "use strict";
  const element = (tag, properties, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  // Accents do not matter: "sudholt" finds Südholt.
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

  const equip = (table, number) => {
    const rows = [...table.tBodies[0].rows].map((row) => ({ row, group: row.cells[0].textContent.trim(), text: plain(row.textContent) }));
    const headings = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    // On a narrow screen each row becomes a card, and the cells carry their headings.
    rows.forEach(({ row }) => [...row.cells].forEach((cell, i) => { cell.dataset.heading = headings[i]; }));

    let group = null;
    const field = element("input", { type: "text", id: `filter-${number}`, autocomplete: "off", spellcheck: false });
    const count = element("p", { className: "filter-count" });
    count.setAttribute("role", "status");

    const show = () => {
      const words = plain(field.value).split(/\s+/).filter(Boolean);
      const found = rows.filter((entry) => {
        entry.row.hidden = (group !== null && entry.group !== group) || !words.every((word) => entry.text.includes(word));
        return !entry.row.hidden;
      });
      count.textContent = found.length === rows.length ? `All ${rows.length} rows` : `${found.length} of ${rows.length} rows`;
      buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.value === (group ?? ""))));
    };

    const button = (label, value) => {
      const made = element("button", { type: "button", value, textContent: label });
      made.addEventListener("click", () => { group = value === "" || group === value ? null : value; show(); });
      return made;
    };
    const buttons = [button("All", ""), ...[...new Set(rows.map((entry) => entry.group))].map((name) => button(name, name))];

    field.addEventListener("input", show);
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { field.value = ""; show(); }
    });
    const choose = element("div", { className: "filter-buttons" }, ...buttons);
    choose.setAttribute("role", "group");
    choose.setAttribute("aria-label", headings[0]);
    const bar = element("div", { className: "table-filter" },
      element("label", { htmlFor: field.id, textContent: "Find in the table" }), field, choose, count);
    (table.closest(".pst-scrollable-table-container") ?? table).before(bar);
    show();
  };

  document.querySelectorAll("table.filterable").forEach(equip);
})();
