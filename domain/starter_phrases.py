"""Well-known ways to say "I did not understand" and "I am not sure", to begin a chatbot's own lists with (R9).

Written for this catalogue, not taken from anywhere. A chatbot that takes them gets a copy in its own list, with a
version of its own: what changes here later changes no chatbot. They match whole texts, so each stands alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

VERSION: Final = 1
"""Raised whenever a phrase comes or goes."""


@dataclass(frozen=True, slots=True)
class StarterPhrases:
    """Of one language. `failure`: it could not help at all; `uncertain`: it answers, but does not vouch for it."""

    language: str
    failure: tuple[str, ...]
    uncertain: tuple[str, ...]


_ALL: Final = (
    StarterPhrases(
        "de",
        failure=(
            "Das habe ich nicht verstanden.",
            "Das habe ich leider nicht verstanden.",
            "Entschuldigung, das habe ich nicht verstanden.",
            "Ich habe Sie nicht verstanden.",
            "Ich habe dich nicht verstanden.",
            "Das weiß ich leider nicht.",
            "Das kann ich leider nicht beantworten.",
            "Dabei kann ich leider nicht helfen.",
            "Da kann ich Ihnen leider nicht weiterhelfen.",
            "Können Sie das bitte anders formulieren?",
            "Kannst du das bitte anders formulieren?",
            "Dazu habe ich leider keine Informationen.",
        ),
        uncertain=(
            "Da bin ich mir nicht sicher.",
            "Ich bin mir nicht sicher.",
            "Ich bin nicht sicher, ob ich Sie richtig verstanden habe.",
            "Ich bin nicht sicher, ob ich dich richtig verstanden habe.",
        ),
    ),
    StarterPhrases(
        "en",
        failure=(
            "I don't understand.",
            "I didn't understand that.",
            "I did not understand that.",
            "I'm sorry, I don't understand.",
            "Sorry, I don't understand.",
            "Sorry, I didn't understand that.",
            "I'm sorry, I didn't understand that.",
            "Sorry, I didn't get that.",
            "I didn't get that.",
            "Sorry, I didn't catch that.",
            "I didn't quite catch that.",
            "I don't know.",
            "Sorry, I don't know.",
            "I don't know the answer to that.",
            "I can't help with that.",
            "Sorry, I can't help with that.",
            "I'm sorry, I can't help you with that.",
            "Could you rephrase that?",
            "Can you please rephrase that?",
            "Sorry, could you please rephrase that?",
            "I have no information about that.",
        ),
        uncertain=(
            "I'm not sure.",
            "I am not sure.",
            "I'm not sure I understand.",
            "I'm not sure I understood that.",
            "I'm not sure about that.",
            "I'm not certain.",
        ),
    ),
    StarterPhrases(
        "es",
        failure=(
            "No entiendo.",
            "No te entiendo.",
            "No lo entiendo.",
            "No he entendido.",
            "Lo siento, no entiendo.",
            "Lo siento, no te he entendido.",
            "Lo siento, no le he entendido.",
            "No lo sé.",
            "Lo siento, no lo sé.",
            "Lo siento, no puedo ayudarte con eso.",
            "Lo siento, no puedo ayudarle con eso.",
            "¿Puedes decirlo de otra manera?",
            "¿Puede decirlo de otra manera?",
        ),
        uncertain=("No estoy seguro.", "No estoy segura.", "No estoy seguro de haber entendido."),
    ),
    StarterPhrases(
        "fr",
        failure=(
            "Je ne comprends pas.",
            "Je n'ai pas compris.",
            "Désolé, je n'ai pas compris.",
            "Désolée, je n'ai pas compris.",
            "Je suis désolé, je n'ai pas compris.",
            "Je ne sais pas.",
            "Désolé, je ne sais pas.",
            "Je ne peux pas vous aider.",
            "Désolé, je ne peux pas vous aider.",
            "Pouvez-vous reformuler ?",
            "Pouvez-vous reformuler votre question ?",
            "Peux-tu reformuler ?",
        ),
        uncertain=("Je ne suis pas sûr.", "Je ne suis pas sûre.", "Je ne suis pas sûr d'avoir compris."),
    ),
    StarterPhrases(
        "it",
        failure=(
            "Non capisco.",
            "Non ho capito.",
            "Mi dispiace, non ho capito.",
            "Scusa, non ho capito.",
            "Non lo so.",
            "Mi dispiace, non lo so.",
            "Mi dispiace, non posso aiutarti.",
            "Puoi riformulare la domanda?",
            "Può riformulare la domanda?",
        ),
        uncertain=("Non sono sicuro.", "Non sono sicura.", "Non sono sicuro di aver capito."),
    ),
    StarterPhrases(
        "nl",
        failure=(
            "Ik begrijp het niet.",
            "Dat begrijp ik niet.",
            "Sorry, dat begrijp ik niet.",
            "Sorry, ik begrijp je niet.",
            "Dat heb ik niet begrepen.",
            "Ik weet het niet.",
            "Sorry, dat weet ik niet.",
            "Daar kan ik je helaas niet mee helpen.",
            "Daar kan ik u helaas niet mee helpen.",
            "Kun je dat anders formuleren?",
            "Kunt u dat anders formuleren?",
        ),
        uncertain=("Ik weet het niet zeker.", "Ik weet niet zeker of ik je goed begrijp."),
    ),
    StarterPhrases(
        "pt",
        failure=(
            "Não entendi.",
            "Não percebi.",
            "Desculpe, não entendi.",
            "Desculpa, não entendi.",
            "Desculpe, não percebi.",
            "Não sei.",
            "Desculpe, não sei.",
            "Desculpe, não posso ajudar com isso.",
            "Pode reformular a pergunta?",
            "Você pode reformular a pergunta?",
        ),
        uncertain=("Não tenho certeza.", "Não tenho a certeza.", "Não tenho certeza se entendi."),
    ),
)

STARTER_PHRASES: Final[Mapping[str, StarterPhrases]] = MappingProxyType({one.language: one for one in _ALL})
"""By language tag."""
