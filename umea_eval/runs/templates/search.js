const search = document.getElementById("search");
const status = document.getElementById("found");
const rows = [...document.querySelectorAll("[data-row]")];
document.getElementById("search-box").hidden = false;
let waiting;
search.addEventListener("input", () => {
  const words = search.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    const text = row.textContent.toLocaleLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    shown += row.hidden ? 0 : 1;
  }
  clearTimeout(waiting);
  waiting = setTimeout(() => { status.textContent = `${shown} ${status.dataset.words}`; }, 400);
});
