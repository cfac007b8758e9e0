"""The REST and WebSocket APIs in the place of API Gateway."""
