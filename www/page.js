// page.js - what the pages do better with a script
