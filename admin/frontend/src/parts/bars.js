// Bars of links that are wider than a phone begin where one is.

const PEEK = 48; // px of the neighbour that tell that the bar goes on

for (const current of document.querySelectorAll(".top nav [aria-current], .tabs [aria-current]")) {
  const bar = current.closest("ul");
  const scrolled = bar.scrollWidth > bar.clientWidth ? bar : bar.parentElement;
  const { left, right } = scrolled.getBoundingClientRect();
  const place = current.getBoundingClientRect();
  if (place.right > right) scrolled.scrollLeft += place.right - right + PEEK;
  else if (place.left < left) scrolled.scrollLeft -= left - place.left + PEEK;
}
