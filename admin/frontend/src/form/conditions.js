// Fields that show only when others have certain values.

/**
 * Return the names that do not show. conditions: {field: {other: [values]}}; current(name) gives {isWrong, value} of
 * what is typed, fallback(name) the default, which a field has for others while it is hidden itself.
 */
export function findHidden(conditions, current, fallback) {
  const known = new Map();

  function shows(name) {
    if (!known.has(name)) {
      known.set(name, true); // for fields that look at each other
      known.set(name, Object.entries(conditions[name] ?? {}).every(([other, options]) => holds(other, options)));
    }
    return known.get(name);
  }

  function holds(other, options) {
    const { isWrong, value } = shows(other) ? current(other) : { value: fallback(other) };
    if (isWrong) return true; // nothing disappears while somebody types
    const chosen = Array.isArray(value) ? value : [value ?? null];
    return chosen.some((one) => options.includes(one));
  }

  return new Set(Object.keys(conditions).filter((name) => !shows(name)));
}
