"""A FastAPI app behind the gateway. Needs `pip install fastapi`; run it with `uvicorn fastapi_app:app`."""

from fastapi import FastAPI

from secure_gateway import load_gateway
from secure_gateway.integrations.asgi import SecureGatewayMiddleware

gateway = load_gateway()
app = FastAPI()
app.add_middleware(SecureGatewayMiddleware, gateway=gateway, open_paths=["/healthz"])


@gateway.protect(name="weather")
async def weather(city: str) -> dict[str, str]:
    return {"city": city, "sky": "blue"}


@app.get("/weather/{city}")
async def show_weather(city: str) -> dict[str, str]:
    return await weather(city)


@app.get("/healthz")
async def healthz() -> str:
    return "ok"
