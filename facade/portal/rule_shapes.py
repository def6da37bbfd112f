"""The canonical API's shapes of rules and decomposition templates (marshmallow)."""

from marshmallow import fields

from canonical.catalog.decomposition import TaskTemplate, TemplateContents
from canonical.catalog.rule import RuleContents, RuleType
from facade.portal.catalog_shapes import ContentsShape, ReferenceShape, Shape
from facade.portal.condition_shape import ConditionField


class RuleShape(ContentsShape):
    made = RuleContents
    type = fields.Enum(RuleType, required=True)
    message = fields.String(required=True)
    offerings = fields.List(fields.Nested(ReferenceShape))
    others = fields.List(fields.Nested(ReferenceShape))
    when = ConditionField()
    then = ConditionField()
    least = fields.Integer()
    most = fields.Integer()


class TaskShape(Shape):
    made = TaskTemplate
    code = fields.String(required=True)
    name = fields.String()
    system = fields.String()
    depends_on = fields.List(fields.String())
    when = ConditionField()


class TemplateShape(ContentsShape):
    made = TemplateContents
    offering = fields.Nested(ReferenceShape, required=True, data_key="productOffering")
    tasks = fields.List(fields.Nested(TaskShape))
