// The address of a page → which place of a lecture it opens, and what else it says.

const STUDY = /^\/c\/[^/]+\/[dlv]\//;

// The place that an address opens, as text for comparing; null where it opens none or was damaged.
export function placeOf(url) {
  const { pathname, searchParams } = new URL(url, location.href);
  if (!STUDY.test(pathname)) {
    return searchParams.get("open");
  }
  try {
    const mark = searchParams.get("m");
    return decodeURIComponent(pathname) + (mark ? `?m=${mark}` : "");
  } catch {
    return null;
  }
}

// The second of a place of the video whose address is `video`; null if it is a place of something else.
export function secondOf(place, video) {
  const found = video && place.startsWith(`${video}/`) ? /^(\d+)(\?m=\w*)?$/.exec(place.slice(video.length + 1)) : null;
  return found ? Number(found[1]) : null;
}

// All that an address says but the place: two with the same show the same around it.
export function aroundOf(url) {
  const { pathname, searchParams } = new URL(url, location.href);
  const own = STUDY.test(pathname);
  for (const name of own ? ["m", "q", "before"] : ["open"]) {
    searchParams.delete(name);
  }
  searchParams.sort();
  return `${own ? "" : pathname}?${searchParams}`;
}

// The address of a place for those who are not on this page.
export function sharedOf(place) {
  const [, path, mark] = /^(.*?)(\?m=\w*)?$/s.exec(place);
  return `${location.origin}${path.split("/").map(encodeURIComponent).join("/")}${mark ?? ""}`;
}

export function clock(seconds) {
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  return `${h ? `${h}:${String(m).padStart(2, "0")}` : m}:${String(s).padStart(2, "0")}`;
}
