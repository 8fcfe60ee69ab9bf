// Keeps a page up to date. The server makes all HTML, escaped; without this script the pages read the same.
"use strict";

const INTERVAL = 2000;
const LINES = 20000; // of a followed log that are kept in the page
const connection = document.getElementById("connection");

function say(text) {
  if (connection.textContent !== text) connection.textContent = text;
}

async function refresh() {
  const parts = document.querySelectorAll("[data-live]");
  if (document.hidden || !parts.length) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(answer.statusText);
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of parts) {
      const now = fresh.getElementById(part.id);
      if (now && !now.isEqualNode(part) && !part.contains(document.activeElement)) part.replaceWith(now);
    }
    say("");
  } catch {
    say("No connection to the worker: what you see may be old");
  }
}

function follow(log) {
  const state = document.querySelector(".follow");
  const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 60;
  const source = new EventSource(log.dataset.follow);
  source.onopen = () => { state.textContent = "● live"; };
  source.onerror = () => { state.textContent = "connecting…"; };
  source.addEventListener("log", (event) => {
    const stay = atEnd();
    log.insertAdjacentHTML("beforeend", JSON.parse(event.data));
    while (log.childElementCount > LINES) log.firstElementChild.remove();
    if (stay) log.scrollTop = log.scrollHeight;
  });
  source.addEventListener("restart", () => log.replaceChildren());
  source.addEventListener("end", () => {
    source.close();
    state.textContent = "the task has ended";
    setTimeout(() => location.reload(), 1500); // the failure, if it is one, has a place of its own
  });
}

const log = document.getElementById("log-lines");
if (log) {
  if (!location.hash) log.scrollTop = log.scrollHeight;
  if (log.dataset.follow) follow(log);
}
setInterval(refresh, INTERVAL);
document.addEventListener("visibilitychange", refresh);
