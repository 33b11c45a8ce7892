// Charts: Chart.js draws each canvas from its data, in the colours of the page. The table under it says the same without a picture.
(() => {
  const root = document.documentElement;
  const css = (element, name) => getComputedStyle(element).getPropertyValue(name).trim();
  let drawn = [];

  const line = (more) => ({ type: "line", clip: false, spanGaps: true, pointRadius: 0, borderWidth: 0, ...more });

  const dataset = (canvas, one, place) => {
    const colour = css(canvas, `--c${place}`);
    const common = { label: one.name, data: one.values, borderColor: colour, backgroundColor: colour };
    if (one.shape === "bar") return { ...common, type: "bar", borderRadius: 2, maxBarThickness: 34 };
    return line({ ...common, pointRadius: 3.5, borderWidth: 2.25, borderDash: one.shape === "dashes" ? [6, 4] : [] });
  };

  const band = (canvas, [low, high]) => [line({ data: high, fill: "+1", backgroundColor: css(canvas, "--band") }), line({ data: low })];

  const draw = (canvas) => {
    const { labels, series, band: edges, unit, top } = JSON.parse(canvas.dataset.chart);
    const said = (value) => value.toLocaleString(root.lang, { maximumFractionDigits: 1 }) + unit;
    const font = { family: getComputedStyle(document.body).fontFamily, size: 0.75 * parseFloat(getComputedStyle(root).fontSize) };
    const ticks = { color: css(canvas, "--tblr-secondary"), maxRotation: 0, font };
    return new Chart(canvas, {
      data: { labels, datasets: [...series.map((one, place) => dataset(canvas, one, place)), ...(edges ? band(canvas, edges) : [])] },
      options: {
        animation: false,
        maintainAspectRatio: false,
        font,
        interaction: { mode: "index", intersect: false },
        scales: {
          x: { offset: true, grid: { display: false }, ticks },
          y: { beginAtZero: true, max: top, grid: { color: css(canvas, "--grid") }, ticks: { ...ticks, precision: 0, maxTicksLimit: 6, callback: said } },
        },
        plugins: {
          legend: { display: false },
          tooltip: { filter: (item) => item.dataset.label, callbacks: { label: (item) => `${item.dataset.label} — ${said(item.parsed.y)}` } },
        },
      },
    });
  };

  const redraw = () => {
    drawn.forEach((chart) => chart.destroy());
    drawn = [...document.querySelectorAll("canvas.chart")].map(draw);
  };
  redraw();
  document.querySelectorAll("[data-live]").forEach((part) => part.addEventListener("renewed", redraw));
  new MutationObserver(redraw).observe(root, { attributeFilter: ["data-bs-theme"] });
})();
