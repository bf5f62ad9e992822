// The pages work without this. It saves clicks and says how far the work has come.
const faults = document.getElementById("faults");
if (faults) faults.focus();

const work = document.querySelector("[data-state]");
if (work) {
  const bar = work.querySelector("progress");
  const now = document.getElementById("now");
  const ask = async () => {
    let state;
    try {
      state = await (await fetch(work.dataset.state)).json();
    } catch {
      // The app has ended: no bar that seems to move for ever.
      bar.hidden = true;
      now.textContent = work.dataset.lost;
      return;
    }
    if (state.ended) {
      location.reload();
      return;
    }
    if (state.total) {
      bar.max = state.total;
      bar.value = state.number;
    }
    // Only what is new is read aloud.
    if (now.textContent !== state.now) now.textContent = state.now;
    setTimeout(ask, 500);
  };
  setTimeout(ask, 300);
}

const upload = document.querySelector(".upload");
if (upload) {
  const drop = upload.querySelector(".drop");
  const chosen = upload.querySelector("input[type=file]");
  const fault = document.getElementById("upload-fault");
  const { megabytes, most, tooLarge, tooMany } = upload.dataset;
  const check = () => {
    const files = [...chosen.files];
    const large = files.some((file) => file.size > megabytes * 1e6);
    fault.textContent = files.length > most ? tooMany : large ? tooLarge : "";
    return !fault.textContent;
  };
  chosen.addEventListener("change", check);
  upload.addEventListener("submit", (event) => {
    if (!check()) event.preventDefault();
  });
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    chosen.files = event.dataTransfer.files;
    if (check()) upload.requestSubmit();
  });
}
