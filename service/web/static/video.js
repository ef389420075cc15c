// #t=83 in the address → the player at that second.
"use strict";
const player = document.querySelector("video");
function jump() {
  const found = /^#t=(\d+)/.exec(location.hash);
  if (found && player) {
    player.currentTime = Number(found[1]);
  }
}
addEventListener("hashchange", jump);
if (player) {
  player.addEventListener("loadedmetadata", jump);
}
jump();
