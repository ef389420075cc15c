// The player of a card in a frame on another page.
import { clock } from "./addresses.js";
import { playerIn } from "./player.js";

const box = document.querySelector(".player");
if (box) {
  playerIn(box, () => {}, clock, new AbortController().signal);
}
