"""What a reply concedes without an amount, in other trades and countries, and what only looks like it."""

from __future__ import annotations

import pytest

from core.replies.output_checks import invented_amounts

KNOWN = ["Abrimos de lunes a viernes de 9 a 18. Tel. +34 911 000 000", "Seguros: 100 compañías. IVA incluido."]

CONCEDED = """
La primera limpieza dental corre por nuestra cuenta.
El blanqueamiento se lo dejamos a mitad de precio.
No te cobramos el desayuno, va de regalo.
La casa invita la cena del sábado.
Llevas dos ramos y pagas uno.
3x2 en rosas esta semana.
Te regalamos el cambio de aceite.
La matrícula te sale a mitad de su precio.
Le bonificamos la inscripción completa.
El segundo niño no paga.
La noche extra es cortesía de la casa.
La revisión no le cuesta nada.
La corona te queda en 50 pavos.
La afinación te sale en 300 varos.
Son 20 lucas por el arreglo de los frenos.
Te lo dejo en cuarenta lucas.
El ramo le sale 15 mangos.
Veinte por ciento menos en la ortodoncia.
Le descontamos la cuarta parte del presupuesto.
Con ese bono te ahorras un tercio de la factura.
La consulta está exenta de pago para usted.
La segunda opinión no tiene costo.
El lavado va por cuenta del taller.
De yapa le damos una maceta.
Le damos de ñapa dos rosas más.
Todo el curso a precio de costo.
La segunda noche al cincuenta por ciento.
Esta vez no nos debe nada.
Dos por el precio de uno en lentes.
Le obsequiamos la primera sesión de fisioterapia.
El traslado al aeropuerto es totalmente gratis.
Your first check-up is on us.
Breakfast is on the house tomorrow.
We'll throw in a spare key at no extra cost.
The second bouquet is half off.
Buy one, get one on all wreaths.
BOGO on all tyres until Friday.
The spa is complimentary for returning guests.
We'll waive the enrolment fee.
You can have the brake pads for nothing.
That will be twenty quid for the puncture.
Thirty per cent off the whitening.
Kids stay free of charge.
Two for the price of one on lilies.
The course costs nothing for siblings.
We won't charge you for the tow.
A third off all arrangements.
You pay nothing for the first lesson.
It's a tenner for the puncture.
That'll set you back five hundred rand.
It is two grand for the gearbox, mate.
We'll knock a quarter off the bill.
No fee for the consultation.
The valet parking is our treat.
Three for two on school uniforms.
It'll be 5000 naira for the braids.
The oil change is a freebie today.
You get the second month free.
All implants at half the price.
Buy two tyres and get the third one free.
We can do the alignment at cost price.
A primeira consulta é por nossa conta.
O café da manhã sai por conta da casa.
O buquê fica pela metade do preço.
Leve três e pague dois.
Leva 2 paga 1 nas orquídeas.
A troca de óleo sai de graça.
Damos-lhe a segunda noite de oferta.
A avaliação é oferta da clínica.
A lavagem do carro é um brinde nosso.
Não cobramos a matrícula.
O conserto são cinquenta paus.
A revisão fica em 30 contos.
Custa 15 pilas a muda de samambaia.
Trinta por cento de desconto no clareamento.
Pela metade, só hoje: todas as rosas.
Fica isento de propina no primeiro mês.
O segundo filho não paga mensalidade.
Estacionamento sem custos para os hóspedes.
A limpeza custa quinhentos kwanzas.
São dez mil meticais pela revisão.
Um terço de desconto nas aulas.
A entrega é cortesia da floricultura.
Duas diárias pelo preço de uma.
O piquenique é 100% grátis.
La colazione è offerta dalla casa.
Il secondo mazzo è a metà prezzo.
Il venti per cento di sconto sulla rata.
Prendi tre e paghi due su tutte le rose.
La prima lezione è gratuita.
La pulizia costa cento euro.
Le petit-déjeuner est offert.
La deuxième nuit est à moitié prix.
Le premier cours est gratuit.
Vingt pour cent de remise sur la vidange.
Die Beratung ist kostenlos.
Das Frühstück geht aufs Haus.
Den Strauß bekommen Sie zum halben Preis.
Zwanzig Prozent Rabatt auf alle Kurse.
La vacuna del gato se la ponemos sin que tenga que pagar.
Los lentes de repuesto van incluidos como obsequio nuestro.
Este mes no pagas la cuota del gimnasio.
El segundo par le cuesta la mitad.
La instalación del grifo no se la cobro.
Pagas una sesión y te llevas dos.
La primera asesoría legal es sin costo alguno.
El arreglo del dobladillo se lo hago de gratis.
Le rebajo un tercio del presupuesto.
Por ser usted, cincuenta por ciento menos.
El mantenimiento le sale en 150 soles.
La carpa grande a 90 lukas la noche.
Sale dos mangos el afinado de la guitarra.
Aproveche el 4x3 en masajes.
El alquiler de patines es cortesía nuestra.
La mascarilla va por la casa.
Le damos una clase de obsequio.
Menores de seis entran sin pagar.
The nail trim is free with every groom.
We'll do the second pair of glasses for half.
There's no charge for the call-out.
You won't have to pay for the first session.
Your dog's first bath is a gift from us.
Pay for two nights, stay three.
Kids eat free on Sundays.
I'll do the hem gratis.
The tuning is fifty quid, cash.
It'll cost you a fiver.
We can slash the price by a third.
Get the fourth massage at no charge.
It's yours for zero dollars.
Second pair half price!
A vacina do gato fica por nossa conta.
O segundo par sai pela metade.
A instalação não custa nada.
A bainha eu faço de graça para si.
Compre dois e leve três.
Menores de seis anos não pagam.
Fica por vinte pratas a afinação do violão.
A aula experimental é gratuita.
A chamada técnica não tem custo.
Dou-lhe um terço de desconto na armação.
Por quinze euritos fica a barraca.
La seconda coppia di occhiali è in omaggio.
La première consultation vous est offerte.
Das zweite Paar bekommen Sie geschenkt.
El pan de ayer se lo lleva sin costo.
Tu primera clase de yoga la pone la casa.
La sesión de fotos de recién nacidos va gratis con el paquete.
Le dejo la mudanza a mitad de tarifa.
Lleve cuatro empanadas por el precio de tres.
Si viene el martes, la segunda noche del perrito es gratuita.
La entrega a domicilio no se la cobramos.
Por 30 mangos más le agrego el marco.
Cuarenta por ciento menos si paga hoy.
Le condonamos la deuda del mes pasado.
Los niños no pagan entrada.
Your kitten's first night is on us.
The second cake is half the price.
We deliver for free.
There are no fees for the placement test.
Stay four nights, pay for three.
A free framed print comes with the shoot.
We'll knock a third off if you book today.
It costs a fiver per child.
Enjoy a complimentary loaf.
You won't be charged for the repack.
O pão de ontem leva de graça.
A segunda foto fica pela metade.
A aula de nivelamento é por conta da escola.
Não pagam nada as crianças.
Leve quatro, pague três.
Entrega grátis ao domingo.
A mudança sai a cinquenta paus.
La consegna è gratis.
Die Lieferung ist gratis.
"""

INNOCENT = """
Feel free to come by the surgery before six.
Our cakes are sugar-free and gluten free.
Are you free on Tuesday at ten?
The dentist is free after three.
We have a free room for the 14th.
All rooms are smoke-free.
We fit hands-free kits in every model.
Call our toll-free number.
The procedure is pain-free.
We use free-range eggs at breakfast.
Lactose free milk is available.
Please free up the parking space by noon.
A freelance teacher gives the class.
The line is free now, please call again.
The solder we use is lead free.
There is no charge left in the battery.
Gratuities are welcome but never expected.
The bath is a freestanding model.
We treat gum disease and broken teeth.
You can rely on us for the wedding flowers.
There is a sign on the house next to the school.
Please sign the waiver before the first class.
The hall has two grand pianos.
We open at a quarter past eight.
The classroom is on the third floor.
The check-up takes half an hour.
Do you prefer half board or bed and breakfast?
We offer courses for adults.
One table for two at eight, right?
The drill comes with two batteries for one tool.
Half of the pupils come by bus.
The gas tank is a quarter full.
The mechanic will be free of other jobs by noon.
El ramo viene con papel de regalo.
Tenemos una tienda de regalos en el hotel.
Puede comprar una tarjeta de regalo en recepción.
La mitad de los alumnos llega en autobús.
Estamos a mitad de la calle Mayor.
Tome la mitad de la dosis por la noche.
El cuarto tiene dos camas.
Un tercio de los pacientes viene de otra ciudad.
El profesor trabaja por su cuenta.
Transfiera a nuestra cuenta bancaria.
La ventana mide 3x2 metros.
Damos clases dos por semana.
Gracias por su cortesía.
No cobramos con American Express.
Invita a tus amigos a la fiesta de la escuela.
Criamos 50 pavos para Navidad.
Lucas atiende los lunes a las 9.
Hay una entrada libre por la calle Sur.
La oferta académica tiene 12 cursos.
La casa de huéspedes abre todo el año.
El paciente no debe nada de comer antes de la cirugía.
El alumno paga la matrícula en marzo.
El seguro no paga los frenos.
Vendemos mangos y paltas en temporada.
A professora Graça atende às terças.
O bolo está cheio de graça e sabor.
Crianças na faixa de 4 a 6 anos.
Precisa de dois paus de canela para a receita.
O livro tem 30 contos infantis.
Fazemos um brinde aos noivos às 20h.
Oferecemos aulas de inglês para adultos.
Metade dos hóspedes chega de carro.
A medida da janela é 2x1 metros.
O aluno paga a mensalidade no dia 5.
A oferta de cursos muda em março.
Abra uma conta no site da escola.
O jardim fica na metade do caminho.
L'offerta formativa comprende dieci corsi.
La metà degli ospiti arriva in treno.
Le cours est offert en français et en anglais.
Die halbe Stunde Pause beginnt um zehn.
Das Haus ist zehn Minuten vom Bahnhof.
The kennel is a free-running area for dogs.
Please leave one hand free during the exercise.
We can free the cat from its collar.
The lawyer won't be free before Thursday.
Is Dr. Lee free at noon?
Our gym is a fragrance free zone.
The free weights are upstairs.
We follow free trade rules for our coffee.
The free end of the hose goes into the drain.
The pipe runs on the outside of the house.
Half the group trains at seven, the other half at eight.
The lens is a third thinner than before.
The shop is a quarter mile from the station.
The garment shrinks by a quarter when washed.
We run two classes for one hour each.
Two by two, the children enter the pool.
Is it for you or for a gift?
Do you want it gift-wrapped?
Please throw in your old filter when you return the box.
The music school charges the card on the first.
The case is on us to prove, says our lawyer.
La gata está libre de parásitos.
El abogado queda libre a las cinco.
El regalo para su madre está listo.
Puede elegir un regalo en la tienda.
¿Es para regalo?
La guitarra es un regalo ideal para principiantes.
Corte la tela por la mitad.
Llene el tanque hasta la mitad.
La mitad del grupo entrena a las siete.
Traiga dos o tres fotos por persona.
Cada dos por tres hay que afinar el piano.
El masaje es de dos a tres horas.
Salen dos por la puerta norte.
No paga con cheque quien reserva en línea.
El gasto va por cuenta del huésped.
Cobramos por adelantado.
No le cobramos todavía: la tarjeta se carga al final.
La cortesía es nuestra norma.
Tiene 4 paus de madeira a barraca.
O cão tem 15 quilos e meio.
O advogado fica livre às cinco.
Corte o tecido pela metade do comprimento.
Metade da turma treina às sete.
O presente para a sua mãe está pronto.
É para oferta?
A oferta da escola inclui violão e piano.
As pilhas: precisa de 2 pilhas AA.
Na faixa de pedestres, vire à direita.
Pague a conta de luz no balcão.
Il corso offerto in inglese comincia lunedì.
La moitié du groupe arrive à sept heures.
Die Hälfte der Gruppe kommt um sieben.
The photographer is free in March.
Our bakery is peanut free.
We have rooms free in July.
Can I get your free hand on the rail?
Set your spine free with yoga.
Is this seat free?
The van is free on Monday.
Let the dough rise free of draughts.
Half the loaves are sold by ten.
Bake it for half an hour.
The tent sleeps two or three.
Print two for each guest.
The moving truck costs what the list says.
Pay for the shoot at the end.
You pay the second half on the day.
A gift card is not a voucher.
El salón queda libre los martes.
La tarjeta de regalo vence en un año.
Hornee la mitad de la masa.
Parta el pan por la mitad.
Hay dos por cada mesa.
La entrega se paga al recibir.
El perro come tres veces al día.
La mudanza va a la calle 20.
No paga quien no firma el recibo.
Cobramos la segunda mitad al terminar.
La academia regala sonrisas.
Metade da massa vai ao forno.
O salão fica livre às terças.
A sala é para dois ou três.
A entrega paga-se ao receber.
Fica na rua da Graça.
Il pane è pronto alle otto.
La moitié du pain est vendue.
"""

GRANTED = [
    ("El estacionamiento es gratis.", "Free parking for all guests."),
    ("Parking is free.", "Estacionamiento sin cargo para huéspedes."),
    ("Breakfast is on the house.", "El desayuno corre por cuenta de la casa."),
    ("A entrega é grátis.", "We deliver free of charge within the city."),
    ("La primera clase no tiene costo.", "Primeira aula grátis."),
    ("Lunes a mitad de precio.", "Half price on Mondays."),
    ("The second pair is half off.", "50 % de descuento en el segundo par."),
    ("Leve três e pague dois.", "Promoción 3x2 en rosas."),
    ("Buy one, get one on lilies.", "2x1 en lirios"),
    ("A third off all wreaths.", "Un tercio de descuento en coronas."),
    ("Veinte por ciento de descuento.", "20% off for students"),
    ("Son veinte lucas.", "Arreglo de frenos: $20.000"),
    ("That will be twenty quid.", "Puncture repair £20"),
    ("It's a tenner.", "Puncture repair £10"),
    ("La colazione è gratuita.", "Breakfast: free"),
    ("The first check-up is complimentary.", "Primera revisión: 0 €"),
    ("You get 50% off.", "Half price on Mondays."),
    ("Buy one, get one free on lilies.", "2x1 en lirios"),
]
OTHERWISE = [
    ("Lleva tres y paga dos.", "Promoción 2x1 en rosas."),
    ("Half price on lilies.", "A third off all lilies."),
    ("Breakfast is free.", "Breakfast is half price. Our cakes are sugar-free, and the table is free after ten."),
    ("Dos por uno en lirios.", "Los lirios son gratis con la maceta."),
    ("El envoltorio es gratis.", "Vendemos papel de regalo."),
    ("It's a tenner.", "Puncture repair £20"),
    ("Son 30 lucas.", "Arreglo de frenos: $20.000"),
]


@pytest.mark.parametrize("reply", CONCEDED.strip().splitlines())
def test_a_concession_that_nobody_granted(reply: str) -> None:
    assert invented_amounts(reply, KNOWN, "¿Me lo dejas gratis, a mitad de precio, 2x1?")


@pytest.mark.parametrize("reply", INNOCENT.strip().splitlines())
def test_what_only_looks_like_a_concession(reply: str) -> None:
    assert invented_amounts(reply, KNOWN, "") == ()


@pytest.mark.parametrize(("reply", "source"), GRANTED)
def test_a_concession_of_the_business_in_other_words(reply: str, source: str) -> None:
    assert invented_amounts(reply, [source], "") == ()


@pytest.mark.parametrize(("reply", "source"), OTHERWISE)
def test_another_concession_grants_nothing(reply: str, source: str) -> None:
    assert invented_amounts(reply, [source], "")


def test_a_concession_is_named_as_written() -> None:
    assert invented_amounts("Hoy: ¡Mitad de Precio! Y café gratis.", [], "") == ("Mitad de Precio", "gratis")
