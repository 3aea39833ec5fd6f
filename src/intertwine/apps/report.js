"use strict";
// Molecules in motion on a plain canvas: spheres and sticks sorted by depth. No library, no WebGL.
(() => {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

  /** A colour `#rrggbb` moved towards another by a share. */
  const mixed = (colour, other, share) => {
    const part = (text, k) => parseInt(text.slice(1 + 2 * k, 3 + 2 * k), 16);
    const both = [0, 1, 2].map((k) => Math.round(part(colour, k) * (1 - share) + part(other, k) * share));
    return "#" + both.map((value) => value.toString(16).padStart(2, "0")).join("");
  };

  /** Bonds of one frame: pairs closer than 1.3 times their covalent radii. */
  const bondsOf = (numbers, places, elements) => {
    const bonds = [];
    for (let i = 0; i < numbers.length; i++)
      for (let j = i + 1; j < numbers.length; j++) {
        const reach = 1.3 * (elements[numbers[i]].radius + elements[numbers[j]].radius);
        const gap = Math.hypot(...[0, 1, 2].map((k) => places[3 * i + k] - places[3 * j + k]));
        if (gap < reach) bonds.push([i, j]);
      }
    return bonds;
  };

  class Stage {
    constructor(figure, data, extent) {
      this.canvas = figure.querySelector("canvas");
      this.pen = this.canvas.getContext("2d");
      this.data = data;
      this.extent = extent;
      this.turn = 0.5;
      this.tilt = 0.28;
      this.held = false;
      this.seen = true;
      this.hands();
      if ("IntersectionObserver" in window)
        new IntersectionObserver((entries) => { this.seen = entries[0].isIntersecting; }).observe(this.canvas);
    }

    hands() {
      const canvas = this.canvas;
      let last = null;
      canvas.addEventListener("pointerdown", (e) => { last = [e.clientX, e.clientY]; this.held = true; canvas.setPointerCapture(e.pointerId); });
      canvas.addEventListener("pointermove", (e) => {
        if (!last) return;
        this.turn += 0.01 * (e.clientX - last[0]);
        this.lean(0.01 * (e.clientY - last[1]));
        last = [e.clientX, e.clientY];
      });
      for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { last = null; this.held = false; });
      canvas.addEventListener("keydown", (e) => {
        const step = { ArrowLeft: [-0.12, 0], ArrowRight: [0.12, 0], ArrowUp: [0, -0.12], ArrowDown: [0, 0.12] }[e.key];
        if (!step) return;
        this.turn += step[0];
        this.lean(step[1]);
        e.preventDefault();
      });
    }

    lean(angle) { this.tilt = Math.max(-1.5, Math.min(1.5, this.tilt + angle)); }

    /** Screen places of all atoms: turned about the vertical, tilted, seen from a distance of five extents. */
    project(places, width, height, count = this.data.numbers.length) {
      const [c, s, d, t] = [Math.cos(this.turn), Math.sin(this.turn), Math.cos(this.tilt), Math.sin(this.tilt)];
      const scale = 0.5 * Math.min(width / 1.25, height) / this.extent;
      const far = 5 * this.extent;
      return Array.from({ length: count }, (_, i) => {
        const [x, y, z] = [places[3 * i], places[3 * i + 1], places[3 * i + 2]];
        const across = c * x + s * z, depth = -s * x + c * z;
        const up = d * y - t * depth, near = t * y + d * depth;
        const zoom = scale * far / (far - near);
        return { x: width / 2 + zoom * across, y: height / 2 - zoom * up, near, zoom };
      });
    }

    draw(places) {
      const ratio = window.devicePixelRatio || 1;
      const width = this.canvas.clientWidth, height = this.canvas.clientHeight;
      if (this.canvas.width !== Math.round(width * ratio)) { this.canvas.width = Math.round(width * ratio); this.canvas.height = Math.round(height * ratio); }
      const pen = this.pen, { numbers, elements } = this.data;
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, width, height);
      const fog = getComputedStyle(document.documentElement).getPropertyValue("--card").trim();
      const atoms = this.project(places, width, height);
      const pale = (near) => 0.38 * Math.max(0, Math.min(1, 0.5 - near / (2 * this.extent)));
      const size = (i) => this.data.sizes?.[i] ?? 0.17 + 0.27 * elements[numbers[i]].radius;
      const colour = (i) => this.data.colours?.[i] ?? elements[numbers[i]].colour;
      const shown = (...atoms) => atoms.every((i) => !this.data.hidden?.(i, this.atoms[i].near));
      this.atoms = atoms;
      const things = atoms.flatMap((atom, i) => shown(i) ? [{ near: atom.near, paint: () => this.ball(atom, size(i), colour(i), pale(atom.near), fog) }] : []);
      for (const [i, j] of this.data.bonds ?? bondsOf(numbers, places, elements)) if (shown(i, j)) things.push(...this.halves([atoms[i], atoms[j]], [size(i), size(j)], [colour(i), colour(j)], pale, fog));
      things.sort((a, b) => a.near - b.near).forEach((thing) => thing.paint());
    }

    ball(at, size, colour, haze, fog) {
      const radius = at.zoom * size, pen = this.pen;
      const shade = pen.createRadialGradient(at.x - 0.35 * radius, at.y - 0.42 * radius, 0.06 * radius, at.x, at.y, 1.02 * radius);
      const base = mixed(colour, fog, haze);
      shade.addColorStop(0, mixed(base, "#ffffff", 0.72));
      shade.addColorStop(0.32, base);
      shade.addColorStop(1, mixed(base, "#0a0d14", 0.42));
      pen.beginPath();
      pen.arc(at.x, at.y, radius, 0, 2 * Math.PI);
      pen.fillStyle = shade;
      pen.fill();
    }

    /** The two halves of a bond, from the surface of each ball to the middle between them. */
    halves(ends, sizes, colours, pale, fog) {
      const between = (a, b, share) => Object.fromEntries(Object.keys(a).map((key) => [key, a[key] + share * (b[key] - a[key])]));
      const [a, b] = ends;
      const length = Math.hypot((a.x - b.x) / a.zoom, (a.y - b.y) / a.zoom, a.near - b.near);
      const middle = between(a, b, 0.5);
      const thick = Math.min(0.19, 1.6 * Math.min(...sizes));
      return [0, 1].map((k) => {
        const start = between(ends[k], ends[1 - k], Math.min(0.5, (0.93 * sizes[k]) / length));
        const near = (start.near + middle.near) / 2;
        return { near, paint: () => this.stick(start, middle, thick, colours[k], pale(near), fog) };
      });
    }

    stick(from, to, wide, colour, haze, fog) {
      const pen = this.pen, thick = wide * to.zoom;
      for (const [other, share, width] of [["#0a0d14", 0.34, 1], ["#0a0d14", 0.1, 0.66], ["#ffffff", 0.35, 0.22]]) {
        pen.strokeStyle = mixed(mixed(colour, other, share), fog, haze);
        pen.lineWidth = width * thick;
        pen.beginPath();
        pen.moveTo(from.x, from.y);
        pen.lineTo(to.x, to.y);
        pen.stroke();
      }
    }
  }

  const reach = (frames) => 0.9 + Math.max(...frames.map((frame) => { let most = 0; for (let k = 0; k < frame.length; k += 3) most = Math.max(most, Math.hypot(frame[k], frame[k + 1], frame[k + 2])); return most; }));

  /** Run `step(seconds)` on every frame of the screen while playing; the button starts and stops it. */
  const playing = (figure, stage, step) => {
    const button = figure.querySelector(".play");
    let on = !still, before = null;
    const show = () => { button.setAttribute("aria-pressed", String(on)); button.setAttribute("aria-label", on ? "Pause" : "Play"); };
    button.addEventListener("click", () => { on = !on; show(); });
    const tick = (now) => {
      const seconds = before === null ? 0 : Math.min(0.1, (now - before) / 1000);
      before = now;
      if (stage.seen) { if (on && !stage.held) stage.turn += 0.25 * seconds; step(on ? seconds : 0); }
      requestAnimationFrame(tick);
    };
    show();
    requestAnimationFrame(tick);
  };

  for (const figure of document.querySelectorAll("[data-film]")) {
    const data = JSON.parse(figure.querySelector("script").textContent);
    const stage = new Stage(figure, data, reach(data.frames));
    const slider = figure.querySelector("input"), label = figure.querySelector("output");
    const last = data.frames.length - 1;
    let at = 0, shown = -1;
    slider.addEventListener("input", () => { at = +slider.value; });
    playing(figure, stage, (seconds) => {
      at += 24 * seconds;
      if (at >= last) at = 0;
      const k = Math.floor(at), share = at - k, here = data.frames[k], next = data.frames[Math.min(k + 1, last)];
      stage.draw(here.map((x, n) => x + share * (next[n] - x)));
      if (k !== shown) {
        shown = k;
        slider.value = k;
        label.textContent = `${data.times[k].toFixed(2)} ${data.unit}`;
        slider.setAttribute("aria-valuetext", label.textContent);
      }
    });
  }

  for (const figure of document.querySelectorAll("[data-vibrations]")) {
    const data = JSON.parse(figure.querySelector("script").textContent);
    const stage = new Stage(figure, data, reach([data.rest]));
    const choice = figure.querySelector("select");
    let phase = 0;
    playing(figure, stage, (seconds) => {
      phase += 5 * seconds;
      const motion = data.motions[+choice.value], swing = Math.sin(phase);
      stage.draw(data.rest.map((x, n) => x + swing * motion[n]));
    });
  }

  /** A molecule at a chosen place in its pocket: the pocket in thin sticks, cut open towards the reader. */
  for (const figure of document.querySelectorAll("[data-scene]")) {
    const given = JSON.parse(figure.querySelector("script").textContent);
    const count = given.numbers.length, others = given.around.length, ghost = given.ghost ? count : 0;
    const element = (z) => given.elements[z];
    const ligand = (carbon) => given.numbers.map((z) => (z === 6 ? carbon : element(z).colour));
    const shifted = (pairs, by) => pairs.map(([i, j]) => [i + by, j + by]);
    const metal = given.around.map((_, i) => !given.links.some((pair) => pair.includes(i)));
    const data = {
      elements: given.elements,
      numbers: [...given.numbers, ...(ghost ? given.numbers : []), ...given.around],
      bonds: [...given.bonds, ...(ghost ? shifted(given.bonds, count) : []), ...shifted(given.links, count + ghost)],
      colours: [...ligand("#2f9e8f"), ...(ghost ? ligand("#d9a521") : []), ...given.around.map((z) => (z === 6 ? "#8b93a5" : element(z).colour))],
      sizes: [...given.numbers.map((z) => (z === 1 ? 0.12 : 0.24)), ...(ghost ? given.numbers.map(() => 0.09) : []), ...metal.map((lone) => (lone ? 0.5 : 0.07))],
      hidden: (i, near) => i >= count + ghost && near > 5,
    };
    const stage = new Stage(figure, data, 1);
    const choice = figure.querySelector("select"), slider = figure.querySelector("input");
    const far = reach([given.places]), close = reach(given.poses);
    const show = () => {
      stage.extent = far + (0.6 * close - far) * +slider.value;
      stage.draw([...given.poses[+choice.value], ...(given.ghost ?? []), ...given.places]);
      const pen = stage.pen, style = getComputedStyle(document.documentElement);
      pen.font = "12px system-ui, sans-serif";
      pen.fillStyle = style.getPropertyValue("--ink").trim();
      const seats = stage.project(given.tags.flatMap((tag) => tag.slice(1)), stage.canvas.clientWidth, stage.canvas.clientHeight, given.tags.length);
      given.tags.forEach(([text], k) => { if (seats[k].near < 5) pen.fillText(text, seats[k].x + 4, seats[k].y - 4); });
    };
    const later = () => requestAnimationFrame(show);
    for (const thing of [choice, slider]) thing.addEventListener("input", later);
    for (const name of ["pointermove", "keydown"]) stage.canvas.addEventListener(name, later);
    stage.canvas.addEventListener("keydown", (e) => { const step = { "+": 0.05, "-": -0.05 }[e.key]; if (step) slider.value = +slider.value + step; });
    new ResizeObserver(later).observe(stage.canvas);
    later();
  }

  const theme = document.querySelector(".theme"), root = document.documentElement;
  theme.hidden = false;
  theme.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
})();
