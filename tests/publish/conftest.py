import matplotlib.pyplot as plt
import pandas as pd
import pytest

from analysis.publish import figures


@pytest.fixture
def house_style():
    """The style of the house for as long as a test draws."""
    figures.use_style()
    yield
    plt.close("all")


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "district": ["椒江区", "天台县"],
            "value": [43.0, 51.2],
            "low": [37, 41],
            "high": [49, 61],
            "text": ["43.0", "51.2"],
        }
    )
