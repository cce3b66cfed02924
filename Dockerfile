FROM python:3.12-slim
RUN useradd --uid 10001 --user-group --home-dir /tmp --no-create-home bothub
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY core core
COPY webhook_app webhook_app
COPY workers workers
COPY console console
COPY .streamlit .streamlit
RUN python -m compileall -q . && mkdir /data && chown bothub:bothub /data
USER bothub
ENV DATA_DIR=/data WEB_HOST=0.0.0.0 SANDBOX=0 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp
VOLUME /data
CMD ["gunicorn", "-c", "webhook_app/gunicorn_conf.py"]
