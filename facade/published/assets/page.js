// Shows the contract that the page names. A token in the field goes with each request that is tried.
"use strict";
addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("contract");
  const token = document.getElementById("token");
  SwaggerUIBundle({
    domNode: place,
    url: place.dataset.url,
    deepLinking: true,
    validatorUrl: null,
    requestInterceptor: (request) => {
      if (token.value.trim() && !request.headers.Authorization) {
        request.headers.Authorization = `Bearer ${token.value.trim()}`;
      }
      return request;
    },
  });
});
