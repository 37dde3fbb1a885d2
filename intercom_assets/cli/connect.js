const field = document.getElementById("token");
document.getElementById("reveal").addEventListener("click", (event) => {
  const hidden = field.type === "password";
  field.type = hidden ? "text" : "password";
  event.target.textContent = hidden ? "Hide" : "Reveal";
});
document.getElementById("copy").addEventListener("click", async (event) => {
  try {
    await navigator.clipboard.writeText(field.value);
    event.target.textContent = "Copied";
  } catch {
    field.type = "text";
    field.select();
  }
});
