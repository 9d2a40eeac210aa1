"use strict"; // worker
