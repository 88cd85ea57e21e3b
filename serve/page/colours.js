// One colour for each face, by its number, and one for each expression, by its name: apart for most kinds of colour vision.

const faces = ["#2a78d6", "#c8561b", "#1d8f6b", "#a24bb5", "#b08400", "#d03f74", "#4a6a8a", "#6b7d1a"];
export const ofFace = number => faces[(Math.max(1, number) - 1) % faces.length];

const named = {
  neutral: "#8a93a0", happiness: "#e0a100", sadness: "#3d7edb", surprise: "#12a5a0", fear: "#8e5bd0", disgust: "#5d9b2f", anger: "#d6392f",
  contempt: "#a8703c", anxiety: "#c768c2", helplessness: "#5c6f9e", disappointment: "#7d6656",
};
const others = ["#cc79a7", "#0072b2", "#009e73", "#d55e00", "#56b4e9"];
export const ofClass = (name, place) => named[name] || others[place % others.length];

// ofExpert is for the experts of a block.
export const ofExpert = (n, all) => `hsl(${Math.round(360 * n / Math.max(1, all))} 60% 55%)`;
