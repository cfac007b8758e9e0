// Day or night as the person chose (src/shell/scheme.ts), before anything is painted.
try {
  const scheme = localStorage.getItem("gatecall.scheme");
  if (scheme) document.documentElement.dataset.scheme = scheme;
} catch {
  // A browser that keeps nothing: the system's scheme.
}
