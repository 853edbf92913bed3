"use strict";
// Zoom, search and keys for a flame graph that is drawn already: everything is read from the drawing itself.
(() => {
  const LETTER = 6.65, LEFT = 12, ROOM = 1176;
  const svg = document.documentElement;
  const detail = document.getElementById("detail");
  const matched = document.getElementById("matched");
  const boxes = Array.from(document.getElementById("frames").children, (g, index) => {
    const [title, rect, label] = g.children;
    const lines = title.textContent.split("\n");
    const [name, share] = [lines[0], lines.at(-1)];
    const place = lines.length > 2 ? `${name} (${lines[1]})` : name;
    return {
      g, rect, label, index, place, share, name, parent: Number(g.dataset.p), children: [],
      x: Number(rect.getAttribute("x")), width: Number(rect.getAttribute("width")),
    };
  });
  boxes.slice(1).forEach((box) => boxes[box.parent].children.push(box));
  let zoomed = boxes[0];
  let current = boxes[0];

  const ancestors = (box) => {
    const found = new Set();
    while (box !== boxes[0]) found.add((box = boxes[box.parent]));
    return found;
  };

  const place = (box, x, width, shown) => {
    box.g.style.display = shown ? "" : "none";
    if (!shown) return;
    box.rect.setAttribute("x", x);
    box.rect.setAttribute("width", width);
    box.label.setAttribute("x", Math.max(x, LEFT) + 4);
    const room = Math.floor((width - 8) / LETTER);
    const name = box.name;
    box.label.textContent = name.length <= room ? name : room >= 3 ? name.slice(0, room - 1) + "…" : "";
  };

  const zoom = (box) => {
    zoomed = box;
    const above = ancestors(box);
    const scale = ROOM / box.width;
    for (const one of boxes) {
      const passed = above.has(one);
      one.g.classList.toggle("passed", passed);
      const inside = one.x >= box.x - 0.011 && one.x + one.width <= box.x + box.width + 0.011;
      const below = inside && (one === box || one.index > box.index);
      if (passed) place(one, LEFT, ROOM, true);
      else place(one, LEFT + (one.x - box.x) * scale, one.width * scale, below);
    }
    focus(box);
  };

  const show = (box) => { detail.textContent = box.place + "   " + box.share; };

  const focus = (box) => {
    current.g.setAttribute("tabindex", "-1");
    current = box;
    box.g.setAttribute("tabindex", "0");
    box.g.focus({ preventScroll: box === boxes[0] });
    show(box);
  };

  const search = (wanted) => {
    let test = () => false;
    if (wanted) {
      try {
        const pattern = new RegExp(wanted, "i");
        test = (text) => pattern.test(text);
      } catch {
        test = (text) => text.toLowerCase().includes(wanted.toLowerCase());
      }
    }
    let width = 0, count = 0;
    const within = new Set(); // a hit inside a hit counts once
    for (const box of boxes) {
      const hit = box !== boxes[0] && test(box.place);
      box.g.classList.toggle("found", hit);
      if (hit) count += 1;
      if (within.has(box.parent) && box !== boxes[0]) within.add(box.index);
      else if (hit) { width += box.width; within.add(box.index); }
    }
    const share = (100 * width / boxes[0].width).toFixed(1);
    matched.textContent = wanted ? `“${wanted}”: ${share} % in ${count} frame${count === 1 ? "" : "s"}` : " ";
  };

  const ask = () => {
    const wanted = window.prompt("Search for a function or file (a regular expression)", "");
    if (wanted !== null) search(wanted);
  };

  const reset = () => { search(""); zoom(boxes[0]); };

  const beside = (box, step) => {
    const row = boxes[box.parent].children.filter((one) => one.g.style.display !== "none");
    return box === boxes[0] ? box : row[row.indexOf(box) + step] || box;
  };

  const moves = {
    ArrowUp: () => focus(boxes[current.parent]),
    ArrowDown: () => focus(current.children.find((one) => one.g.style.display !== "none") || current),
    ArrowLeft: () => focus(beside(current, -1)),
    ArrowRight: () => focus(beside(current, 1)),
    Enter: () => zoom(current),
    " ": () => zoom(current),
    Backspace: () => zoom(boxes[zoomed.parent]),
    Escape: reset,
    "/": ask,
  };

  for (const box of boxes) {
    box.g.setAttribute("tabindex", box === boxes[0] ? "0" : "-1");
    box.g.setAttribute("role", "button");
    box.g.addEventListener("click", () => zoom(box));
    box.g.addEventListener("mouseenter", () => show(box));
    box.g.addEventListener("focus", () => { current = box; show(box); });
  }
  svg.addEventListener("keydown", (event) => {
    const move = event.ctrlKey || event.metaKey || event.altKey ? undefined : moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  });
  for (const [id, act] of [["search", ask], ["reset", reset]]) {
    const button = document.getElementById(id);
    button.addEventListener("click", act);
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      act();
    });
  }
  document.getElementById("buttons").setAttribute("visibility", "visible");
  detail.textContent = "Click or Enter zooms, arrows walk, / searches, Esc resets";
})();
