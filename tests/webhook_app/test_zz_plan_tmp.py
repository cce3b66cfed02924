from datetime import timedelta
from sqlalchemy import event, text
from core.conversations import queries, search
from core.db import get_engine, system_transaction, transaction
import time
def test_plan(business):
    with system_transaction() as s:
        s.execute(text("SET LOCAL statement_timeout=0")); s.execute(text("SET LOCAL session_replication_role=replica"))
        s.execute(text("INSERT INTO contacts (business_id,name) SELECT 1, 'Ana Núñez '||n FROM generate_series(1,20000) n"))
        s.execute(text("INSERT INTO identities (business_id,contact_id,kind,address,lookup_key) SELECT 1, id,'whatsapp','549'||(1100000000+id),'54'||(1100000000+id) FROM contacts"))
        s.execute(text("INSERT INTO conversations (business_id,channel_id,contact_id,identity_id,kind,last_message_at,status) SELECT 1,1,contact_id,id,'whatsapp', now()-id*interval '1 minute', CASE WHEN id%3=0 THEN 'closed' ELSE 'open' END FROM identities"))
        s.execute(text("INSERT INTO messages (business_id,conversation_id,channel_id,direction,sender,type,text,status,created_at) SELECT 1,id,1,'inbound','customer','text',CASE WHEN id%500=7 THEN 'bicicleta ' ELSE '' END ||'hola pedido '||id||' '||n,'received',last_message_at FROM conversations, generate_series(1,3) n"))
    with get_engine().connect().execution_options(isolation_level="AUTOCOMMIT") as c:
        c.execute(text("VACUUM ANALYZE contacts, identities, conversations, messages"))
    on=[False]
    def explain(conn, cursor, statement, parameters, ctx, many):
        if on[0] and statement.lstrip().startswith(("SELECT conv","SELECT mess")):
            cursor.execute("EXPLAIN ANALYZE " + statement, parameters)
            print("\n".join(r[0] for r in cursor.fetchall()))
    event.listen(get_engine(), "before_cursor_execute", explain)
    with transaction(1) as s:
        page = queries.conversations(s,1,queries.Filter(),None,50)
        deep = queries.Position(page.items[0].last_message_at - timedelta(minutes=12000), 10)
        on[0]=True
        for f, a in ((queries.Filter(), deep),(queries.Filter(status="closed"), deep)):
            print("=====", f); queries.conversations(s,1,f,a,50)
        print("===== thread"); queries.messages(s,1,77,queries.Position(page.items[0].last_message_at - timedelta(days=300),1),50)
        on[0]=False
        for f in (queries.Filter(), queries.Filter(q="bicicleta"), queries.Filter(q="hola"), queries.Filter(q="nunez 4777"), queries.Filter(q="1100014"), queries.Filter(q="zzz"), queries.Filter(q="hola", status="closed")):
            t=[]
            for _ in range(5):
                b=time.perf_counter(); n=len(queries.conversations(s,1,f,None,50).items); t.append(time.perf_counter()-b)
            print("TIME", f.q, f.status, n, f"{1000*sorted(t)[2]:.1f} ms")
    event.remove(get_engine(), "before_cursor_execute", explain)
