"""Problems as GraphQL shows them; the value behind both ways is `domain.problems.Problem`.

* A query field raises `Refused(problem)`: null at that field, and an error whose `extensions` carry `code`, `path`,
  `allowed` and `suggestion`.
* A mutation lists `Refusal` in its result, which then holds every problem at once:

      CreateGoalResult = Annotated[Goal | Refusal, strawberry.union("CreateGoalResult")]

      @strawberry.mutation(extensions=[requires(Scope.MANAGE)], description="...")
      async def create_goal(self, info: Info, input: CreateGoalInput) -> CreateGoalResult:
          raise Refused(InvalidInput(message="...", path=("input", "name")))   # becomes a Refusal by itself

A missing scope and a fault of ours are never a Refusal: they are errors.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import strawberry
from graphql import GraphQLError
from strawberry.types import Info
from strawberry.types.field import StrawberryField

from domain import problems as domain_problems
from domain.problems import Problem, Refused


@strawberry.interface(name="Problem", description="Something that stood in the way, told so that it can be mended.")
class ProblemInterface:
    code: str = strawberry.field(description="Stable code; the table of errors lists all.")
    message: str = strawberry.field(description="What is wrong, for people.")
    path: list[str] = strawberry.field(description="Place in the input, from the outside in.")
    allowed: list[str] = strawberry.field(description="What would be right, where it can be listed.")
    suggestion: str | None = strawberry.field(description="The nearest right name.")


@strawberry.type(name="InvalidInput", description="A value of the wrong form, out of range, or against another.")
class InvalidInputProblem(ProblemInterface):
    pass


@strawberry.type(name="UnknownName", description="A name that does not exist.")
class UnknownNameProblem(ProblemInterface):
    pass


@strawberry.type(name="NotFound", description="Nothing of this id is visible; absent and foreign look alike.")
class NotFoundProblem(ProblemInterface):
    pass


@strawberry.type(name="Conflict", description="Somebody else changed it first, or the name is taken.")
class ConflictProblem(ProblemInterface):
    pass


@strawberry.type(name="LimitReached", description="Too much at once or too often.")
class LimitReachedProblem(ProblemInterface):
    pass


_TYPES: Final[Mapping[type[Problem], type[ProblemInterface]]] = {
    domain_problems.InvalidInput: InvalidInputProblem,
    domain_problems.UnknownName: UnknownNameProblem,
    domain_problems.NotFound: NotFoundProblem,
    domain_problems.Conflict: ConflictProblem,
    domain_problems.LimitReached: LimitReachedProblem,
}

PROBLEM_TYPES: Final = tuple(_TYPES.values())
"""Passed to the schema, since no field names them."""


@strawberry.type(description="The mutation changed nothing; every problem of its input is listed.")
class Refusal:
    problems: list[ProblemInterface] = strawberry.field(description="At least one.")


class RefusalHandler(strawberry.ExceptionHandler[Refused, Refusal]):
    """Turns a raised `Refused` into the `Refusal` member of a result union."""

    def handle(self, exception: Refused, *, field: StrawberryField, info: Info) -> Refusal | None:
        if any(type(problem) not in _TYPES for problem in exception.problems):
            return None
        return Refusal(problems=[_from_domain(problem) for problem in exception.problems])


def _from_domain(problem: Problem) -> ProblemInterface:
    return _TYPES[type(problem)](
        code=problem.code,
        message=problem.message,
        path=[str(step) for step in problem.path],
        allowed=list(problem.allowed),
        suggestion=problem.suggestion,
    )


def coded_error(*problems: Problem) -> GraphQLError:
    """Problems as one GraphQL error; clients read `extensions.code`."""
    return GraphQLError("; ".join(problem.message for problem in problems), extensions=extensions_of(problems))


def extensions_of(problems: Sequence[Problem]) -> dict[str, Any]:
    """Facts of the first problem; all of them stand under `problems` if there are several."""
    told = _facts(problems[0])
    if len(problems) > 1:
        told["problems"] = [{"message": problem.message, **_facts(problem)} for problem in problems]
    return told


def _facts(problem: Problem) -> dict[str, Any]:
    told: dict[str, Any] = {"code": problem.code}
    if problem.path:
        told["path"] = list(problem.path)
    if problem.allowed:
        told["allowed"] = list(problem.allowed)
    if problem.suggestion:
        told["suggestion"] = problem.suggestion
    return told
