// Starts the page that shows the API's description. A file of its own, because the site's policy allows no inline script.
const place = document.getElementById("description");

window.SwaggerUIBundle({
  domNode: place,
  url: place.dataset.schema,
  presets: [window.SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  docExpansion: "list",
  validatorUrl: null,
});
