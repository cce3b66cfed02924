FROM python:3.12-slim
RUN useradd --create-home --uid 10001 bothub
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY core core
COPY webhook_app webhook_app
COPY workers workers
COPY console console
COPY .streamlit .streamlit
RUN mkdir /data && chown bothub /data
USER bothub
ENV DATA_DIR=/data WEB_HOST=0.0.0.0 SANDBOX=0 PYTHONUNBUFFERED=1
VOLUME /data
CMD ["gunicorn", "-c", "webhook_app/gunicorn_conf.py"]
