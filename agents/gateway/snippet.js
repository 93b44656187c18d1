(function (w, s, n) {
  try {
    var l = localStorage, d = s.dataset, u = new URL("/v1/events?key=" + d.key, s.src), q = (w.tend || {}).q || [];
    w.tend = function (type, told) {
      if (type == "consent") told ? (l.tend = l.tend || "d-" + crypto.randomUUID()) : l.removeItem("tend");
      else if (l.tend && !n.globalPrivacyControl) fetch(u, {
        method: "POST", keepalive: true, mode: "no-cors", body: JSON.stringify(Object.assign({
          type: type, id: crypto.randomUUID(), time: new Date().toJSON(), customer: d.customer || l.tend }, told)) });
    };
    q.forEach(function (one) { w.tend.apply(0, one); });
    if (d.sku) w.tend("product.viewed", { sku: d.sku });
  } catch (e) {}
})(window, document.currentScript, navigator);
