/// <reference lib="webworker" />
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";

declare const self: ServiceWorkerGlobalScope;

// The app itself works without a network; what it last saw of flights is kept by main.tsx.
precacheAndRoute(self.__WB_MANIFEST);
cleanupOutdatedCaches();
const API = [/^\/(v1|docs|follow|account|s|local)(\/|$)/];
registerRoute(new NavigationRoute(createHandlerBoundToURL("index.html"), { denylist: API }));
