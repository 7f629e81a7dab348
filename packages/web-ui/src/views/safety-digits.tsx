/** Sixty digits as people read them to each other. */
export function SafetyDigits({ number }: { number: string }) {
  return (
    <p class="safety-number">
      {(number.match(/\d{5}/g) ?? []).map((group, index) => (
        // The groups have no other name than their place.
        <span key={`${index} ${group}`}>{group}</span>
      ))}
    </p>
  )
}
