"""Trees and regressions of PMML as the validator reads them: by hand, and what it does not know is told by name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from validation import exports

SPLIT = '<SimplePredicate field="x" operator="{0}" value="0.5"/>'
TREE = (
    '<TreeModel functionName="regression" missingValueStrategy="defaultChild" '
    'noTrueChildStrategy="returnNullPrediction" splitCharacteristic="binarySplit">'
    '<MiningSchema><MiningField name="x"/></MiningSchema><Node id="0" defaultChild="2"><True/>'
    f'<Node id="1" score="0.25">{SPLIT.format("lessThan")}</Node>'
    f'<Node id="2" score="-0.5">{SPLIT.format("greaterOrEqual")}</Node></Node></TreeModel>'
)
START = (
    '<RegressionModel functionName="regression"><MiningSchema><MiningField name="y"/></MiningSchema>'
    '<RegressionTable intercept="1.0"><NumericPredictor name="y" coefficient="2.0"/></RegressionTable>'
    "</RegressionModel>"
)
DOCUMENT = f"""<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/><DataDictionary numberOfFields="2">
<DataField name="x" optype="continuous" dataType="double"/><DataField name="y" optype="continuous" dataType="double"/>
</DataDictionary><MiningModel functionName="regression">
<MiningSchema><MiningField name="x"/><MiningField name="y"/></MiningSchema><Segmentation
 multipleModelMethod="modelChain"><Segment id="1"><True/><MiningModel functionName="regression">
<MiningSchema><MiningField name="x"/></MiningSchema>
<Output><OutputField name="z" optype="continuous" dataType="double" feature="predictedValue"/></Output>
<Segmentation multipleModelMethod="sum"><Segment id="1"><True/>{START}</Segment><Segment id="2"><True/>{TREE}
</Segment></Segmentation></MiningModel></Segment><Segment id="2"><True/><RegressionModel functionName="regression">
<MiningSchema><MiningField name="z"/></MiningSchema><Output><OutputField name="score" optype="continuous"
 dataType="double" feature="predictedValue"/></Output><RegressionTable intercept="10.0"><NumericPredictor name="z"
 coefficient="1.0"/></RegressionTable></RegressionModel></Segment></Segmentation></MiningModel></PMML>"""


def score(text: str) -> np.ndarray:
    frame = pd.DataFrame({"x": [0.4999, 0.5, np.nan, 7.0], "y": [0.0, 1.0, -1.0, np.nan]})
    return exports.evaluate(exports.read(text.encode()), frame)["score"]


def test_a_sum_of_a_start_and_a_tree_by_hand() -> None:
    np.testing.assert_array_equal(score(DOCUMENT), [11.25, 12.5, 8.5, np.nan])
    left = DOCUMENT.replace('defaultChild="2"', 'defaultChild="1"')
    np.testing.assert_array_equal(score(left), [11.25, 12.5, 9.25, np.nan])


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('missingValueStrategy="defaultChild"', 'missingValueStrategy="none"', "TreeModel of another kind"),
        ('"modelChain"', '"selectFirst"', "no modelChain"),
        ('multipleModelMethod="sum"', 'multipleModelMethod="average"', "no sum"),
        ("<Segment id=\"2\"><True/><Reg", "<Segment id=\"2\"><False/><Reg", "with a condition"),
        ('intercept="10.0"', 'intercept="10.0" targetCategory="1"', "targetCategory"),
        ('coefficient="2.0"', 'coefficient="2.0" exponent="2"', "exponent"),
        ('NumericPredictor name="y"', 'NumericPredictor name="w"', "'w'"),
        ('defaultChild="2"', 'defaultChild="3"', "a default"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_told_by_name(old: str, new: str, told: str) -> None:
    assert old in DOCUMENT
    with pytest.raises(exports.Unknown, match=told):
        score(DOCUMENT.replace(old, new))
