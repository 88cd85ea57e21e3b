// The picture on the canvas, and over it what was found in that very picture.

import { ofFace } from "./colours.js";

const canvas = document.getElementById("canvas");
const [smallest, sharpest] = [800, 1600]; // pixels of the canvas's longer side, in which labels can be read

export const numberOf = (face, place) => face.id ?? place + 1;
export const percent = p => p == null ? "–" : `${(100 * p).toFixed(0)} %`;

// show draws a bitmap and the faces of its frame, whose places are in pixels of a frame.width wide.
export function show(bitmap, frame, map = null) {
  const side = Math.max(bitmap.width, bitmap.height), size = Math.min(sharpest, Math.max(smallest, side)) / side;
  canvas.width = Math.round(bitmap.width * size);
  canvas.height = Math.round(bitmap.height * size);
  canvas.hidden = false;
  const c = canvas.getContext("2d");
  c.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const faces = frame?.faces ?? [];
  const scale = canvas.width / (frame?.width || canvas.width);
  const sharp = canvas.width / (canvas.clientWidth || canvas.width); // pixels of the canvas for one of the page
  if (map) drawMap(c, map, scale);
  faces.forEach((face, place) => face.crop !== "whole" && drawBox(c, face, numberOf(face, place), scale, sharp));
  faces.forEach((face, place) => drawPlate(c, face, numberOf(face, place), scale, sharp));
  canvas.setAttribute("aria-label", spoken(faces));
}

function drawBox(c, { box }, number, scale, sharp) {
  c.lineWidth = 2 * sharp;
  c.strokeStyle = ofFace(number);
  c.strokeRect(box.x * scale, box.y * scale, box.width * scale, box.height * scale);
}

// drawPlate writes the label at the upper left corner of the box, inside the picture.
function drawPlate(c, { box, label, probability }, number, scale, sharp) {
  const size = 13 * sharp, pad = size / 3;
  c.font = `600 ${size}px system-ui, "DejaVu Sans", sans-serif`;
  c.textBaseline = "middle";
  const small = box.width * scale < 44 * sharp; // its label would hide the next face: the list has it
  const text = label && !small ? `${number} ${label} ${percent(probability)}` : `${number}`;
  const width = c.measureText(text).width + 2 * pad, height = size + 2 * pad;
  const x = Math.min(Math.max(0, box.x * scale - sharp), canvas.width - width);
  const above = box.y * scale - height;
  const y = Math.min(Math.max(0, above < 0 ? box.y * scale : above), canvas.height - height);
  c.fillStyle = ofFace(number);
  c.fillRect(x, y, width, height);
  c.fillStyle = "#fff";
  c.fillText(text, x + pad, y + height / 2 + size / 16);
}

// drawMap lays the attention of each patch over the face: patches lie between the corners of what the model saw.
function drawMap(c, { rows, corners, attention }, scale) {
  const [from, right, down] = corners.map(([x, y]) => [x * scale, y * scale]);
  const most = Math.max(...attention);
  c.save();
  c.transform((right[0] - from[0]) / rows, (right[1] - from[1]) / rows, (down[0] - from[0]) / rows, (down[1] - from[1]) / rows, ...from);
  attention.forEach((a, i) => {
    c.fillStyle = `rgb(255 210 0 / ${(0.7 * a / most).toFixed(3)})`;
    c.fillRect(i % rows, Math.floor(i / rows), 1.01, 1.01);
  });
  c.restore();
}

// spoken says what is seen to those who do not see it.
function spoken(faces) {
  if (!faces.length) return "No face in this picture";
  const each = faces.map((f, i) => `${numberOf(f, i)}: ${f.label ?? "unknown"} ${percent(f.probability)}`);
  return `${faces.length} ${faces.length === 1 ? "face" : "faces"}. ${each.join(", ")}`;
}

// png returns the picture as it is on the canvas.
export const png = () => new Promise(resolve => canvas.toBlob(resolve, "image/png"));
