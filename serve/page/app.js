// The page: a picture, a video or the webcam goes to the server, and what it says is drawn over the very frame that it looked at.

import { ask, begin, events, predict } from "./api.js";
import { explained, listFaces } from "./faces.js";
import { png, show } from "./overlay.js";
import { Player } from "./player.js";
import { csv, download, json } from "./save.js";
import { Timeline } from "./timeline.js";
import { Webcam } from "./webcam.js";

const $ = id => document.getElementById(id);
const webcamSeconds = 60; // of the timeline

// now is what the page shows. kind: picture, video or webcam.
let now = { kind: "", name: "", frames: [], tracks: new Map() };
let stop = new AbortController(); // of what is under way

const player = new Player((bitmap, frame) => {
  see(bitmap, frame, null);
  timeline.at(frame.time);
});
const timeline = new Timeline(time => now.kind === "video" && player.goTo(time));
const webcam = new Webcam(live, (rate, dropped) => {
  $("rate").hidden = false;
  $("rate").textContent = `${rate.toFixed(1)} fps · ${dropped} dropped`;
});

// see shows a frame and its faces. blob is the picture where the server does not have it.
function see(bitmap, frame, blob) {
  Object.assign(now, { bitmap, frame, blob });
  $("drop").hidden = true;
  $("open").hidden = false;
  show(bitmap, frame);
  listFaces(frame, now.tracks, explain);
  for (const id of ["csv", "json", "png"]) $(id).disabled = false;
}

function say(text, wrong = false) {
  $("status").textContent = text;
  $("status").classList.toggle("wrong", wrong);
}

// clear ends what is under way.
function clear(kind, name) {
  stop.abort();
  stop = new AbortController();
  webcam.stop();
  if (now.job) ask(`v1/jobs/${now.job}`, { method: "DELETE" }).catch(() => {}); // its time may be over
  player.clear();
  timeline.clear();
  now = { kind, name, frames: [], tracks: new Map() };
  listFaces(null);
  for (const id of ["live", "rate", "pause", "cancel", "progress"]) $(id).hidden = true;
  for (const id of ["csv", "json", "png"]) $(id).disabled = true;
  $("webcam").textContent = "Webcam";
}

// attempt says what goes wrong, but for what the person has ended.
async function attempt(work) {
  const { signal } = stop;
  try {
    await work(signal);
  } catch (e) {
    if (signal.aborted || e.name === "AbortError") return;
    $("progress").hidden = $("cancel").hidden = true;
    say(e.message, true);
  }
}

// openFirst opens the first of some files, and remembers how many are left out.
function openFirst(files) {
  if (!files.length) return;
  open(files[0]);
  now.leftOut = files.length - 1;
}

function leftOut() {
  return now.leftOut > 0 ? `; one file at a time: ${now.leftOut} other${now.leftOut > 1 ? "s are" : " is"} not read` : "";
}

function open(file) {
  clear(/^video\/|^image\/gif$/.test(file.type) ? "video" : "picture", file.name);
  attempt(signal => now.kind === "picture" ? picture(file, signal) : video(file, signal));
}

async function picture(file, signal) {
  say("looking …");
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) { // a format that this browser does not know: the server makes pictures of its frames
    now.kind = "video";
    return video(file, signal);
  }
  const answer = await predict(file, file.name, {}, signal);
  if (answer.kind !== "picture") { // it moves
    now.kind = "video";
    return video(file, signal);
  }
  now.answer = answer;
  now.frames = answer.frames;
  see(bitmap, answer.frames[0], file);
  const found = answer.frames[0].faces.length ? `${Math.round(answer.timing_ms.total)} ms` : "no face was found";
  say(`${file.name}: ${found}${leftOut()}`);
}

async function video(file, signal) {
  say("sending …");
  $("progress").removeAttribute("value");
  $("progress").hidden = $("cancel").hidden = false;
  const job = await begin(file, file.name, { preview: 1, ...(Number($("fps").value) && { fps: $("fps").value }) });
  if (signal.aborted) return ask(`v1/jobs/${job.id}`, { method: "DELETE" });
  now.job = player.job = job.id;
  await events(job.id, (name, data) => hear[name]?.(data), signal);
}

// hear is what a job has to say.
const hear = {
  frame(frame) {
    player.add(frame);
    timeline.add(frame);
  },
  track(track) { now.tracks.set(track.face, track); },
  progress(job) {
    const share = job.total && !Number($("fps").value) ? job.frames / job.total : job.duration ? job.time / job.duration : NaN;
    if (share >= 0) $("progress").value = Math.min(1, share);
    say(`${job.frames} frames, ${job.fps.toFixed(1)} a second${share > 0 ? `, ${Math.round(100 * Math.min(1, share))} %` : ""}`);
    timeline.draw();
  },
  end(job) {
    $("progress").hidden = $("cancel").hidden = true;
    const found = `${now.name}: ${job.frames} frames, ${now.tracks.size} ${now.tracks.size === 1 ? "face" : "faces"}${leftOut()}`;
    if (job.state === "failed") say(job.error.message, true);
    else say(job.damage ? `${found}; ${job.damage}` : job.state === "cancelled" ? `${found}; stopped` : `${found}, ${job.fps.toFixed(1)} a second`);
    listFaces(now.frame, now.tracks, explain);
    timeline.draw();
  },
};

// live shows a frame of the webcam.
function live(bitmap, frame, blob) {
  now.frames.push(frame);
  if (now.frames.length > 20_000) now.frames.shift();
  see(bitmap, frame, blob);
  timeline.add(frame, webcamSeconds);
  timeline.at(frame.time);
}

async function startWebcam() {
  if (webcam.stream) {
    webcam.stop();
    $("live").hidden = $("pause").hidden = true;
    $("webcam").textContent = "Webcam";
    return say("the webcam is off");
  }
  clear("webcam", "webcam");
  say("");
  $("webcam").textContent = "Webcam off";
  $("pause").hidden = $("live").hidden = false;
  badge(false);
  await attempt(() => webcam.start());
  if (!webcam.stream) $("live").hidden = $("pause").hidden = true;
}

function badge(paused) {
  $("live").textContent = paused ? "PAUSED" : "LIVE";
  $("live").classList.toggle("on", !paused);
  $("pause").textContent = paused ? "Go on" : "Pause";
}

// explain asks what the model looks at in a face, and draws it. Faces are asked for by their place among those of the picture as it is sent.
function explain(face, card) {
  return attempt(async signal => {
    if (webcam.stream && !webcam.paused) badge(webcam.pause());
    player.pause();
    say("looking at what the model looks at …");
    const { bitmap, frame } = now;
    const blob = now.blob ?? await (await ask(`v1/jobs/${now.job}/frames/${frame.index}`, { signal })).blob();
    const { frames: [found] } = await predict(blob, "frame", {}, signal);
    if (!found.faces.length) throw new Error("in this small picture no face is found to explain");
    const scale = found.width / frame.width;
    const away = f => Math.hypot(f.box.x - face.box.x * scale, f.box.y - face.box.y * scale);
    const place = found.faces.reduce((best, f, i) => away(f) < away(found.faces[best]) ? i : best, 0);
    const { explanation } = await predict(blob, "frame", { explain: place + 1 }, signal);
    if (now.frame !== frame) return;
    show(bitmap, frame, { ...explanation, corners: explanation.corners.map(([x, y]) => [x / scale, y / scale]) });
    explained(card, explanation);
    say("");
  });
}

async function save(kind) {
  const stem = now.name.replace(/\.[^.]*$/, "") || "mien";
  if (kind === "png") return download(await png(), `${stem}.png`);
  if (now.kind === "video") return download(await (await ask(`v1/jobs/${now.job}/result.${kind}`)).blob(), `${stem}.${kind}`);
  const all = now.answer ?? { source: now.name, frames: now.frames };
  download(kind === "csv" ? csv(now.name, now.frames) : json(all), `${stem}.${kind}`);
}

function listen() {
  $("file").addEventListener("change", () => { openFirst($("file").files); $("file").value = ""; });
  $("open").addEventListener("click", () => $("file").click());
  $("webcam").addEventListener("click", startWebcam);
  $("pause").addEventListener("click", () => badge(webcam.pause()));
  $("cancel").addEventListener("click", () => { clear("", ""); say("stopped"); });
  for (const id of ["csv", "json", "png"]) $(id).addEventListener("click", () => attempt(() => save(id)));
  addEventListener("dragover", e => { e.preventDefault(); document.body.classList.add("over"); });
  addEventListener("dragleave", e => { if (!e.relatedTarget) document.body.classList.remove("over"); });
  addEventListener("drop", e => {
    e.preventDefault();
    document.body.classList.remove("over");
    openFirst(e.dataTransfer.files);
  });
}

// introduce says which model answers, and where pictures go.
async function introduce() {
  const { models: [model], local } = await (await ask("v1/models")).json();
  $("model").textContent = `model ${model.name}`;
  $("caveat").hidden = !model.caveat;
  $("caveat").textContent = model.caveat ? `Please note: ${model.caveat}.` : "";
  const here = local && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(location.hostname); // and no proxy is between
  $("where").textContent = here ? "Pictures never leave this computer." : `Pictures go to ${location.host}, and nowhere else; it keeps none.`;
  $("webcam").disabled = !navigator.mediaDevices;
}

listen();
attempt(introduce);
